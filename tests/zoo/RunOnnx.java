import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * Runs a model of the zoo in ONNX Runtime for Java, as programs around Fiji do.
 *
 * <p>java -cp onnxruntime.jar RunOnnx.java MODEL.onnx INPUT SHAPE OUTPUT, where INPUT and OUTPUT hold
 * bare little-endian float32 and SHAPE is like 100,84,84,1. Prints the shape of the output.
 */
public class RunOnnx {
  public static void main(String[] words) throws Exception {
    byte[] bytes = Files.readAllBytes(Path.of(words[1]));
    long[] shape = Arrays.stream(words[2].split(",")).mapToLong(Long::parseLong).toArray();
    FloatBuffer given = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(words[0]);
        OnnxTensor image = OnnxTensor.createTensor(environment, given, shape);
        OrtSession.Result results = session.run(Map.of("image", image))) {
      OnnxTensor answer = (OnnxTensor) results.get("probabilities").orElseThrow();
      FloatBuffer floats = answer.getFloatBuffer();
      ByteBuffer out = ByteBuffer.allocate(4 * floats.remaining()).order(ByteOrder.LITTLE_ENDIAN);
      out.asFloatBuffer().put(floats);
      Files.write(Path.of(words[3]), out.array());
      System.out.println(
          Arrays.toString(answer.getInfo().getShape()).replaceAll("[\\[\\] ]", ""));
    }
  }
}
