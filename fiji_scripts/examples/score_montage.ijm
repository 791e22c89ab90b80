// Scores an open montage: here one of 2 rows and 3 columns, one well of it skipped.
// All options are named: Fiji asks in a dialog for those that are left out.
// Headless: fiji --headless --console -macro score_montage.ijm "MONTAGE,RESULTS"
paths = split(getArgument(), ",");
if (paths.length == 2) {
  montage = paths[0];
  results = paths[1];
} else {
  montage = File.openDialog("Montage of 2 x 3 wells");
  results = getDirectory("Folder for the results");
}
setBatchMode(true);
open(montage);
run("Score Montage", "folder=[] grid=2x3 gap=0 pattern=[] channel=[] skip=[B03] sites=0 crop=0 seed=1"
    + " heatmap=[percent in focus] output=[" + results + "] model=[]");
close();
