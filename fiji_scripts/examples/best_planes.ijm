// Opens a stack of one channel and one time point and saves its sharpest plane.
// All options are named: Fiji asks in a dialog for those that are left out.
// Headless: fiji --headless --console -macro best_planes.ijm "STACK,RESULTS"
paths = split(getArgument(), ",");
if (paths.length == 2) {
  stack = paths[0];
  results = paths[1];
} else {
  stack = File.openDialog("Stack");
  results = getDirectory("Folder for the results");
}
setBatchMode(true);
open(stack);
name = File.getNameWithoutExtension(stack);
run("Rate Stack", "currentchannel=false oneforall=false boxes=false borderwidth=4 plot=false extract=false csv=["
    + results + File.separator + name + "_planes.csv] model=[]");
// Rate Stack leaves the stack at its best plane; the others go.
best = getSliceNumber();
for (slice = nSlices; slice >= 1; slice--) {
  if (slice != best) {
    setSlice(slice);
    run("Delete Slice");
  }
}
saveAs("Tiff", results + File.separator + name + "_best.tif");
close();
