import java.util.function.BiConsumer;

/** A command of ImageJ's menu that runs a zfocus script with the options of a macro, as Fiji's own bridge does. */
public class MenuCommand implements ij.plugin.PlugIn {
  /** Takes the script's file name and the options; set by the tests. */
  public static BiConsumer<String, String> runner;

  @Override
  public void run(String script) {
    runner.accept(script, ij.Macro.getOptions());
  }
}
