import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * The mean loss of a small batch, with the standard library only (Java 15 or newer).
 *
 *     make serve                       # in one terminal
 *     java examples/Loss.java [URL]    # in another; URL is http://127.0.0.1:8000 unless given
 */
public class Loss {
    public static void main(String[] arguments) throws Exception {
        String url = arguments.length > 0 ? arguments[0] : "http://127.0.0.1:8000";
        double[] logits = {2.0, 0.5, 1.0, 0.1, 1.0, 3.0}; // two samples, three classes
        String body = """
            {"logits": %s, "labels": [1, 2]}""".formatted(tensor(logits, 2, 3));

        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/loss"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            System.err.println(answer.body());
            System.exit(1);
        }
        System.out.printf(Locale.ROOT, "%.6f nats%n", meanOf(answer.body()));
    }

    /** A tensor object: the numbers' bytes, little-endian, in base64. Nested lists of numbers would do as well. */
    static String tensor(double[] numbers, int rows, int columns) {
        ByteBuffer bytes = ByteBuffer.allocate(numbers.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(numbers);
        return """
            {"dtype": "float64", "shape": [%d, %d], "data": "%s"}"""
            .formatted(rows, columns, Base64.getEncoder().encodeToString(bytes.array()));
    }

    /** The value in "reduced". A program that has a JSON library had better use it. */
    static double meanOf(String answer) {
        var value = Pattern.compile("\"reduced\":\\{[^}]*\"value\":([^,}]+)").matcher(answer);
        if (!value.find()) {
            throw new IllegalArgumentException("an answer without a reduced loss");
        }
        return Double.parseDouble(value.group(1));
    }
}
