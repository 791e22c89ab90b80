/** What Fiji's scripting-jython does, which Maven Central has not: Jython's own JSR-223 engine. */
public class JythonLanguage extends org.scijava.script.AdaptedScriptLanguage {
  public JythonLanguage() {
    super("jython");
  }
}
