// Percent in focus of every well of a plate, from a few crops of each well, as the old well montage macro did it:
// file names such as TestDataSet_WellA01_Site000_DAPI.tif, one channel, four sites a well, crops of 3 x 3 patches (252 px).
// The same seed draws the same sites and crops, on every computer.
// All options are named: Fiji asks in a dialog for those that are left out.
// Headless: fiji --headless --console -macro score_plate.ijm "IMAGES,RESULTS,CHANNEL"
words = split(getArgument(), ",");
if (words.length == 3) {
  images = words[0];
  results = words[1];
  channel = words[2];
} else {
  images = getDirectory("Folder of images");
  results = getDirectory("Folder for the results");
  channel = getString("Channel (empty: there is one only)", "");
}
run("Score Montage", "folder=[" + images + "] grid=96 gap=0 pattern=[] channel=[" + channel + "] skip=[] sites=4 crop=3 seed=1"
    + " heatmap=[percent in focus] output=[" + results + "] model=[]");
