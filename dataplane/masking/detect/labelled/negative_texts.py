"""More texts that hold nothing: prose, code, queries, logs, addresses, documents; and numbers beside the right word with a wrong
check digit. See negatives.py."""
import json

from dataplane.masking.detect.labelled.draw import ALNUM, Draw

_PROSE = (
    "The quick delivery of order {n} surprised everyone at the office.", "Please call back when the invoice is paid.",
    "We met {n} people in {m} cities last year.",
    "Our password policy asks for {m} characters.", "Never share your PIN or your password with anyone.",
    "The token bucket refills {m} times a second.",
    "Forgot your password? Use the link below.", "The secret of good bread is time.", "Ask Anna for the key to room {n}.",
    "The API key was rotated last week.",
    "He scored {m} points in {n} minutes; a record since 19{m}.", "Reset the password: it must be changed every {m} days.",
    "Bearer of good news, he came at {m} o'clock.",
    "See chapter {m}, pages {n}-{n}, for the authentication methods.", "Password must be at least {m} characters long",
    "Basic knowledge of SQL is required.",
    "Die Bestellung {n} wurde am {m}. Mai geliefert.", "Bitte geben Sie Ihr Passwort nie weiter.", "Der Schlüssel liegt unter der Matte.",
    "Wir haben {n} Teile auf Lager, Größe {m}.",
    "Die Rechnung {n} ist überfällig, bitte zahlen Sie.", "La commande {n} est arrivée hier soir.", "Votre mot de passe a expiré.",
    "Il y a {m} chambres et {n} lits.",
    "Le colis {n} sera livré avant midi.", "ご注文番号は{n}です。", "東京都千代田区{m}丁目にあります。", "パスワードを忘れた場合はこちら。", "会議は{m}時から始まります。参加者{n}名。",
    "El pedido {n} se envió ayer por la tarde.", "Заказ {n} доставлен вовремя.", "Nie podawaj nikomu swojego hasła.", "订单{n}已发货。",
    "주문 번호 {n} 배송 완료",
)
_STREETS = ("Hauptstr. {m}, 10{n} Berlin", "{n} Main Street, Springfield, IL 62{n}", "{m} rue de Rivoli, 75001 Paris",
            "Flat {m}, 10 Downing St, London SW1A 2AA", "〒100-0001 東京都千代田区{m}-1",
            "PO Box {n}, Auckland 1010", "Via Roma {m}, 00184 Roma RM", "Keizersgracht {n}, 1016 DZ Amsterdam",
            "Avenida Paulista {n}, São Paulo - SP, 01310-100", "1600 Amphitheatre Pkwy, CA 94043-1351")
_NAMES = ("Jane Doe", "Björn Müller", "Lucía García", "Nguyễn Thị Hoa", "O'Brien, Sean", "Dr. med. Anna-Lena Schmidt", "山田太郎",
          "Иван Петров", "Jean-Luc Picard", "de la Cruz, María José")
_SQL = (
    "SELECT id, name FROM orders WHERE id = {n} AND placed > '2024-05-06' LIMIT {m}",
    "UPDATE stock SET qty = qty - {m} WHERE sku = 'AB-{n}'", "INSERT INTO log (id, at) VALUES ({n}, now())",
    "CREATE TABLE t (id bigint, password text NOT NULL, token varchar(64))", "SELECT password, secret FROM users WHERE id = $1",
    "ALTER TABLE users ADD COLUMN api_key text DEFAULT NULL", "DELETE FROM events WHERE id BETWEEN {n} AND {n}0",
    "GRANT SELECT ON orders TO reporting;", "VACUUM (VERBOSE, ANALYZE) events;",
    "SELECT count(*) FILTER (WHERE x > {m}) OVER (PARTITION BY y) FROM t{m}",
)
_CODE = (
    "const token = getToken(user.id);", "password = os.environ['DB_PASSWORD']", "std::vector<std::string> keys(10);",
    "if (user.password != null) return false;", "self.secret = secret", "api_key: ${API_KEY}",
    "def authorize(self, token: str) -> bool:", "private static final int MAX_{m} = {n};", "password: <your password>",
    "secret: {{ .Values.secret }}", "export const handler = async (event) => event.body{m};",
    "import static org.junit.jupiter.api.Assertions.*;", "com.example.shop.orders.OrderService.place", "std::chrono::steady_clock::now()",
    "$this->password = $password;", "x = y[{m}] @ z", "@Override public void run() {}",
    "log.info(\"token expired for {}\", id)", "password = input('Password: ')", "a.b.c.d{m}.e", "token = request.headers.get('X-Token')",
    "let key = map.keys().next();", "PASSWORD_MIN_LENGTH={m}",
    "fn main() {{ println!(\"{m}\"); }}", "echo $PASSWORD", "fooBarBaz{m}QuxQuuxCorgeGraultGarplyWaldo", "Authorization: Bearer $TOKEN",
    "Authorization: Basic <credentials>",
)
_PATHS = ("/var/lib/postgresql/15/main/base/{n}/{n}", "C:\\Users\\jane\\Documents\\report-{m}.docx",
          "s3://bucket/2024/05/06/part-{n}.parquet", "src/main/java/com/example/App{m}.java", "../node_modules/@types/node/index.d.ts",
          "/usr/lib/x86_64-linux-gnu/libpq.so.5.{m}", "~/.ssh/config", "file:///tmp/x-{n}.log", "/api/v{m}/orders/{n}/lines?page={m}")
_URLS = ("https://example.com/orders/{n}?page={m}", "http://localhost:8080/health", "https://www.example.co.uk/a/b/c.html#s{m}",
         "postgres://db.example.com:5432/shop", "https://shop.example.com/p/{n}-blue-shirt?utm_source=mail&utm_id={n}",
         "git@github.com:shop/api-{m}.git", "jdbc:postgresql://db1:5432/shop?ssl=true", "redis://cache:6379/0",
         "https://example.com/@jane/{n}", "wss://example.com/socket?v={m}", "https://example.com/reset?lang=de&step={m}",
         "ftp://ftp.example.org/pub/")
_LOGS = (
    '"GET /orders/{n} HTTP/1.1" 200 {n} "-" "Mozilla/5.0 (X11; Linux x86_64)"',
    "2024-05-06 07:08:09.123 UTC [{n}] LOG:  checkpoint complete: wrote {m} buffers ({m}.0%)",
    "May  6 07:08:09 host sshd[{n}]: Failed password for invalid user admin",
    "level=info msg=\"request done\" status=200 bytes={n} duration={m}ms", "[{m}.{n}] eth0: link up, 1000Mbps",
    "E0506 07:08:09.123456   {m} server.go:{n}] timeout", "WARN  token expired, refreshing", "pid={n} rss={n}kB fd={m}",
    "ERROR: duplicate key value violates unique constraint \"orders_pkey\"", "authentication failed for user \"jane\": wrong password",
    "Segmentation fault at 0x{n} rip:{n}", "INFO [http-nio-8080-exec-{m}] Completed in {n} ms",
)
# A word that a detector knows, and a number or a word of the wrong sort behind it.
_NEAR = (
    "SSN: pending", "IBAN missing for customer {n}", "BSN onbekend", "phone: none", "card type: visa", "card expires {m}/27", "PIN {n}",
    "password: required", "token: null", "secret: true", "email: not given", "tel. unbekannt, Zimmer {m}",
    "routing: round-robin {m}", "passport applied for in 2024", "NHS trust {m}", "TFN to follow", "CPF pendente", "the IBAN has {m} digits",
    "credit card fee {m}.50 EUR", "swift reply within {m} days", "private key rotation: monthly",
    "api key rotation every {m} days", "Authorization failed ({n})", "Bearer tokens expire after {m} min", "aws region eu-central-1",
    "heroku dyno web.{m}", "password=", "password=null", "\"password\": \"\"", "\"token\": null", "pwd=********",
    "secret=${SECRET}", "api_key=<API_KEY>", "client_secret: REDACTED", "password: xxxxxxxx",
)


def _filled(texts):
    def make(r: Draw):
        text = r.choice(texts)
        while "{n}" in text:
            text = text.replace("{n}", r.digits(r.choice((3, 4, 5)), "123456789"), 1)
        return text.replace("{m}", str(r.randint(2, 60))).replace("{{", "{").replace("}}", "}")
    return make


def _paragraph(r: Draw):
    return " ".join(_filled(_PROSE)(r) for _ in range(r.randint(2, 6)))


def _document(r: Draw):
    """A record in JSON, as a column `doc` has them."""
    return json.dumps({"id": r.randint(1, 10**9), "uuid": r.uuid(), "name": r.choice(_NAMES), "street": _filled(_STREETS)(r),
                       "total": round(r.uniform(1, 9999), 2), "tags": [r.of("abcdefgh", 5), r.of("abcdefgh", 3)],
                       "created": f"2024-05-{r.randint(1, 28):02}T07:08:09Z", "note": _filled(_PROSE)(r), "ok": r.chance(0.5),
                       "at": r.randint(1700000000000, 1800000000000)}, ensure_ascii=r.chance(0.5))


def _csv_line(r: Draw):
    return ",".join((str(r.randint(1, 10**6)), r.choice(_NAMES).replace(",", ""), f"2024-05-{r.randint(1, 28):02}",
                     f"{r.uniform(1, 999):.2f}", r.choice(("open", "paid", "sent")), r.digits(8), r.hex(8)))


def _image(r: Draw):
    return r.choice(("data:image/png;base64,", "iVBORw0KGgo", "/9j/4AAQSkZJRgABAQ", "R0lGODlhAQABAIAAAAAAAP",
                     "")) + r.base64(r.randint(60, 600))


def _dotted(r: Draw):
    """Three parts as a JSON Web Token has them, without a header that decodes."""
    return r.choice((f"{r.of(ALNUM, 20)}.{r.of(ALNUM, 30)}.{r.of(ALNUM, 43)}",
                     f"com.example.{r.of('abcdefghij', 9)}.{r.of('abcdefghij', 12)}",
                     f"{r.of('abcdef', 8)}.{r.of('abcdef', 8)}.example.com", f"cache.{r.hex(32)}.js",
                     f"main.{r.hex(8)}.chunk.css", f"ey{r.of(ALNUM, 30)}.{r.of(ALNUM, 20)}"))


def _identifier(r: Draw):
    words = [r.choice(("user", "order", "get", "Total", "http", "Client", "max", "buffer", "secret", "token", "password", "key", "Index",
                       "parse")) for _ in range(r.randint(2, 5))]
    return r.choice(("_".join(words).lower(), "".join(w.capitalize() for w in words), "-".join(words).lower(),
                     "k" + "".join(w.capitalize() for w in words) + str(r.randint(1, 99)), "_".join(words).upper()))


def _names(r: Draw):
    return r.choice((r.choice(_NAMES), f"{r.choice(_NAMES)}, born {r.randint(1940, 2005)}", f"@{r.of('abcdefgh', 7)}{r.randint(1, 99)}",
                     f"{r.choice(_NAMES)} <no address>", f"Jane @ {r.randint(1, 12)} pm"))


CLASSES = {"prose": _filled(_PROSE), "paragraphs": _paragraph, "postal_addresses": _filled(_STREETS), "names": _names, "sql": _filled(_SQL),
           "code": _filled(_CODE), "identifiers": _identifier, "file_paths": _filled(_PATHS),
           "urls": _filled(_URLS), "log_lines": _filled(_LOGS), "words_without_values": _filled(_NEAR), "json_documents": _document,
           "csv_lines": _csv_line, "base64_images": _image, "dotted_names": _dotted}
