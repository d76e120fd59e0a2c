// Vérifier un webhook signé `v1a` : java Verifier.java ID HORODATAGE SIGNATURES whpk_… < corps (code 0 s'il est juste).
import java.io.ByteArrayOutputStream;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

public class Verifier {
    /** Ce qui précède les 32 octets d'une clé Ed25519 dans sa forme X.509 (RFC 8410). */
    private static final byte[] X509 = HexFormat.of().parseHex("302a300506032b6570032100");

    /** Les trois en-têtes `webhook-*`, les octets reçus tels quels, et les clés publiées par le hub. */
    static boolean estJuste(String id, String horodatage, String signatures, byte[] corps, List<String> cles) throws Exception {
        if (!horodatage.matches("\\d{1,18}")) return false;
        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(horodatage)) > 300) return false;
        for (String cle : cles) {
            var encodee = new ByteArrayOutputStream();
            encodee.writeBytes(X509);
            encodee.writeBytes(Base64.getDecoder().decode(cle.replaceFirst("^whpk_", "")));
            var publique = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encodee.toByteArray()));
            for (String jeton : signatures.split(" ")) {
                if (!jeton.startsWith("v1a,")) continue;
                var verification = Signature.getInstance("Ed25519");
                verification.initVerify(publique);
                verification.update((id + "." + horodatage + ".").getBytes("UTF-8"));
                verification.update(corps);
                byte[] signature = Base64.getDecoder().decode(jeton.substring(4));
                if (signature.length == 64 && verification.verify(signature)) return true;
            }
        }
        return false;
    }

    public static void main(String[] a) throws Exception {
        var cles = Arrays.asList(a).subList(3, a.length);
        System.exit(estJuste(a[0], a[1], a[2], System.in.readAllBytes(), cles) ? 0 : 1);
    }
}
