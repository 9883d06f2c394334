"""Secrets that no vendor's prefix gives away: keys in PEM, tokens, passwords in assignments, URLs and headers.

These samples bring their surroundings with them: the word and the sign before a password are what it is known by.
"""
import base64
import json

from dataplane.masking.detect.labelled.draw import ALNUM, BASE64URL, UPPER_ALNUM, Draw, Sample

_WORDS = ("hunter", "Sommer", "dragon", "correcthorse", "Tr0ub4dor", "letmein", "Winter", "s3cr3t", "qwertz", "Pa55")


def password(r: Draw):
    """As people and generators make them; without what ends a value where nothing quotes it."""
    return r.choice((r.choice(_WORDS) + str(r.randint(10, 9999)), r.mixed(ALNUM, r.randint(8, 24)),
                     r.choice(_WORDS) + r.choice("!#*+~^_") + r.digits(3), r.mixed(ALNUM + "!#*+~^_.-", r.randint(10, 20)) + "9"))


def _filled(forms, secret, count, r):
    return [Sample(form.replace("{}", secret), secret=secret, whole=True) for form in r.sample(forms, count)]


def private_key(r: Draw):
    """RFC 7468 and RFC 1421; OpenSSH's and PuTTY's own forms; RFC 4880 armor."""
    kind = r.choice(("RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY",
                     "PGP PRIVATE KEY BLOCK"))
    body = r.base64(r.randint(100, 900))
    lines = "\n".join(body[i:i + 64] for i in range(0, len(body), 64))
    head = ""
    if kind == "RSA PRIVATE KEY" and r.chance(0.3):
        head = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{r.hex(32).upper()}\n\n"
    if kind.startswith("PGP"):
        head = "Version: GnuPG v2\n\n"
    text = f"-----BEGIN {kind}-----\n{head}{lines}\n-----END {kind}-----"
    putty = (f"PuTTY-User-Key-File-{r.choice('23')}: ssh-rsa\nEncryption: none\nComment: rsa-key\nPublic-Lines: 1\n{r.base64(48)}\n"
             f"Private-Lines: {lines.count(chr(10)) + 1}\n{lines}\nPrivate-MAC: {r.hex(40)}")
    windows = text.replace("\n", "\r\n")
    return [Sample(text, secret=lines, whole=True), Sample("the key:\n" + text + "\nkeep it", secret=lines, whole=True),
            Sample(windows, secret=lines.replace("\n", "\r\n"), whole=True), Sample(putty, secret=lines, whole=True),
            Sample(json.dumps({"key": text, "n": 1}), secret=json.dumps(lines)[1:-1], whole=True),
            Sample(f"-----BEGIN {kind}-----\n{lines}", secret=lines, whole=True)]


def _encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


def jwt(r: Draw):
    """RFC 7515, compact serialization; RFC 7516 with five parts."""
    header = {"alg": r.choice(("HS256", "RS256", "ES256", "EdDSA", "PS512"))}
    if r.chance(0.8):
        header["typ"] = r.choice(("JWT", "at+jwt"))
    if r.chance(0.5):
        header["kid"] = r.hex(16)
    if r.chance(0.3):
        header = dict(reversed(header.items()))
    token = f"{_encoded(header)}.{_encoded({'sub': r.uuid(), 'exp': r.randint(1700000000, 1900000000)})}.{r.base64url(r.choice((32, 64, 256)))}"
    sealed = _encoded({"alg": "RSA-OAEP", "enc": "A256GCM"}) + "".join("." + r.base64url(n) for n in (256, 12, 80, 16))
    return [Sample(token), Sample("Bearer {}", secret=token), Sample("https://example.com/?token={}&x=1", secret=token),
            Sample("Authorization: Bearer {}", secret=token), Sample(sealed)]


def password_assignment(r: Draw):
    """A word for a password, a sign, the value."""
    return _filled((
        "password={}", "PASSWORD={}\nPORT=80", "db_password = {}", "password: {}", '{"user":"jane","password":"{}"}', "{'password': '{}'}",
        '{"db": {"passwd": "{}", "host": "db1"}}', "user=jane pwd={} port=5", "export PGPASSWORD={}", "login with password: {} please",
        "Passwort: {}", "--password {} -v", "--password={}", "my password is {}", '"pwd" : "{}"', "passphrase={}",
        "mysql -u root -p x; MYSQL_PWD={}",
        "<password>{}</password>", 'password: "{}" # rotate', "DB_PASS={}", "spring.datasource.password={}", "wachtwoord: {}",
        "contraseña: {}",
        "пароль: {}", "密码: {}", 'passwd => "{}"', "ALTER ROLE jane PASSWORD '{}'", "senha={}", "adminPassword: '{}'",
        "user:jane;password:{};", '{\\"password\\": \\"{}\\"}', "?user=jane&password={}&x=1", "CREATE USER bob IDENTIFIED BY '{}'",
        "mot de passe : {}"), password(r), 4, r)


def secret_assignment(r: Draw):
    """A word for a token or key, a sign, the value."""
    value = r.choice((r.mixed(ALNUM, r.randint(20, 48)), r.mixed("0123456789abcdef", 40), r.mixed(BASE64URL, 32) + "7a", r.uuid()))
    return _filled((
        "api_key={}", '{"api_key": "{}"}', "API_KEY: {}", "client_secret={}", '{"client_secret":"{}","id":7}', "secret = '{}'",
        "access_token={}", "X-Api-Key: {}", "auth_token: {}", "export SECRET_KEY={}", "apiKey: '{}'", "token={}", "accessKey=\"{}\"",
        "signing_key: {}", "encryption_key={}", "?api_key={}&q=1", "'secret' => '{}'", "refresh_token={}", "app.secret={}",
        '"clientSecret" : "{}"', "webhook_secret: {}", '{\\"token\\": \\"{}\\"}', "<apiKey>{}</apiKey>", "API key: {}",
        "session_token={}", "consumer_secret: {}"), value, 4, r)


def connection_string(r: Draw):
    """The password of a database's URL, of ADO and ODBC, of libpq's keywords, of JDBC."""
    return _filled((
        "postgres://app:{}@db.example.com:5432/shop", "postgresql+psycopg2://app:{}@10.0.0.5/shop?sslmode=require",
        "DATABASE_URL=mysql://root:{}@localhost/shop", "mongodb+srv://svc:{}@cluster0.example.mongodb.net/db", "redis://:{}@cache:6379/0",
        "amqps://mq:{}@rabbit.example.com/vhost", "Server=db1;Database=shop;User Id=sa;Password={};",
        "Server=tcp:db,1433;Uid=sa;Pwd={};Encrypt=yes",
        "host=db1 port=5432 dbname=shop user=app password={}", "jdbc:postgresql://db1/shop?user=app&password={}",
        "jdbc:sqlserver://db1:1433;databaseName=shop;user=sa;password={};", "jdbc:oracle:thin:scott/{}@db1:1521/ORCL",
        '{"url": "postgres://app:{}@db1/shop"}', "Driver={PostgreSQL};Server=db1;Database=shop;UID=app;PWD={};",
        "clickhouse://default:{}@ch:9000", "mariadb://u:{}@h/d", "rediss://default:{}@cache:6380", "mssql://sa:{}@db1/shop",
        "Data Source=db1;Initial Catalog=shop;User ID=sa;Password={}", "sqlserver://sa:{}@db1?database=shop"),
                   password(r).replace("#", "_"), 4, r)


def url_credentials(r: Draw):
    """RFC 3986, userinfo."""
    return _filled((
        "https://deploy:{}@git.example.com/x.git", "ftp://jane:{}@ftp.example.com/",
        "git clone https://oauth2:{}@gitlab.example.com/a/b.git",
        "http://admin:{}@10.0.0.1:8080/api", "sftp://u:{}@host", "curl https://jane:{}@api.example.com/v1?x=1",
        "smtp://mail:{}@smtp.example.com:587",
        '{"proxy":"http://p:{}@proxy.example.com:3128"}', "HTTPS_PROXY=http://p:{}@proxy:3128", "ssh://git:{}@example.com/repo",
        "git+https://ci:{}@example.com/r"), password(r).replace("#", "_"), 3, r)


def authorization_header(r: Draw):
    """RFC 7617 and RFC 6750."""
    basic = base64.b64encode(f"jane:{password(r)}{r.digits(3)}".encode()).decode()
    bearer = r.mixed(BASE64URL, r.randint(24, 60)) + "4f"
    return (_filled(("Authorization: Basic {}", "curl -H 'Authorization: Basic {}' https://x", '{"Authorization": "Basic {}"}',
                     "authorization: basic {}", "Proxy-Authorization: Basic {}"), basic, 2, r)
            + _filled(("Authorization: Bearer {}", 'curl -H "Authorization: Bearer {}"', '{"authorization":"Bearer {}"}',
                       "Authorization=Bearer {}",
                       "headers={'Authorization': 'Bearer {}'}"), bearer, 2, r))


def gcp_service_account(r: Draw):
    """The file that Google's console makes: its key's id (the key itself is a private key)."""
    key = r.hex(40)
    return [Sample(json.dumps({"type": "service_account", "project_id": "shop", "private_key_id": key}, indent=indent), secret=key,
                   whole=True)
            for indent in (None, 2)]


def azure_storage_key(r: Draw):
    """64 bytes behind AccountKey, 32 behind SharedAccessKey."""
    long, short = r.base64(64), r.base64(32)
    return [Sample(f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={long};EndpointSuffix=core.windows.net", secret=long,
                   whole=True),
            Sample(f"Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={short}", secret=short,
                   whole=True),
            Sample(f"HostName=hub.azure-devices.net;DeviceId=d1;SharedAccessKey={short}", secret=short, whole=True),
            Sample(json.dumps({"conn": f"AccountName=shop;AccountKey={long}"}), secret=long, whole=True)]


def azure_sas_token(r: Draw):
    """The signature of a shared access token: 32 bytes in Base64, percent-encoded."""
    sig = r.base64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    return [Sample(f"https://shop.blob.core.windows.net/c/b?sv=2022-11-02&ss=b&srt=o&sp=r&se=2026-01-01T00:00:00Z&spr=https&sig={sig}",
                   secret=sig, whole=True),
            Sample(f"?sv=2021-06-08&st=2024-01-01&se=2025-01-01&sr=b&sp=r&sig={sig}&x=1", secret=sig, whole=True),
            Sample(f"SharedAccessSignature sr=shop.servicebus.windows.net&sig={sig}&se=1700000000&skn=Root", secret=sig, whole=True)]


def aws_secret_key(r: Draw):
    """40 characters of Base64, told by a word."""
    key = r.mixed(ALNUM + "+/", 39) + "q"
    return _filled(("aws_secret_access_key = {}", "AWS_SECRET_ACCESS_KEY={}", '{"SecretAccessKey": "{}"}', "export AWS_SECRET_KEY='{}'",
                    "aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key={}", "secretAccessKey: '{}'",
                    "AWS secret access key: {}", "--aws-secret-access-key {}"), key, 3, r)


def slack_webhook(r: Draw):
    """Slack's incoming webhooks and workflow triggers."""
    team = f"T{r.of(UPPER_ALNUM, 10)}"
    token = r.mixed(ALNUM, 24)
    return [Sample("https://{}", secret=f"hooks.slack.com/services/{team}/B{r.of(UPPER_ALNUM, 10)}/{token}"),
            Sample("https://{}", secret=f"hooks.slack.com/workflows/{team}/A{r.of(UPPER_ALNUM, 10)}/{r.digits(18, '123456789')}/{token}")]


MAKERS = {f.__name__: f for f in (private_key, jwt, password_assignment, secret_assignment, connection_string, url_credentials,
                                  authorization_header, gcp_service_account, azure_storage_key, azure_sas_token, aws_secret_key,
                                  slack_webhook)}
