// Rates all images of a folder; tables and a montage go to another.
// All options are named: Fiji asks in a dialog for those that are left out.
// Headless: fiji --headless --console -macro rate_folder.ijm "IMAGES,RESULTS"
folders = split(getArgument(), ",");
if (folders.length == 2) {
  images = folders[0];
  results = folders[1];
} else {
  images = getDirectory("Folder of images");
  results = getDirectory("Folder for the results");
}
run("Rate Folder", "folder=[" + images + "] pattern=[] subfolders=true output=[" + results + "] montage=true model=[]");

// What came out, one line an image.
lines = split(File.openAsString(results + File.separator + "images.csv"), "\n");
print(lines.length - 1 + " planes rated, see " + results);
