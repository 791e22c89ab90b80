// Opens an image, rates it, and saves a picture with the patches in colour, and the table.
// All options are named: Fiji asks in a dialog for those that are left out.
// Headless: fiji --headless --console -macro rate_and_save_picture.ijm "IMAGE,RESULTS"
paths = split(getArgument(), ",");
if (paths.length == 2) {
  image = paths[0];
  results = paths[1];
} else {
  image = File.openDialog("Image");
  results = getDirectory("Folder for the results");
}
setBatchMode(true);
open(image);
name = File.getNameWithoutExtension(image);
run("Rate Image", "borderwidth=4 fill=false legend=true patchtable=false focusmap=false probabilityimage=false png=[" + results + File.separator + name + "_focus.png] csv=["
    + results + File.separator + name + "_focus.csv] model=[]");
close();
