"""What stands around a value in a cell: nothing, prose, JSON, CSV, a log line, markup, neighbours that are not ASCII; and for a
value that is known by a word, the word before it, behind it, as a key, or as the column's name."""
import json

from dataplane.masking.detect.labelled.draw import Draw, Sample

_ALONE = (
    "{}", "{}", "{}", " {} ", "{}\n", "Please note {} for later.", "{} was sent to us yesterday", "we got {}", "see {}, thanks", "(see {})",
    "It is {}.", "'{}'", "`{}`", "«{}»", "“{}”", "「{}」です", "値は {} です", "Größe: {} – geprüft", "— {} —", "\u00a0{}\u00a0", "→ {}",
    "été {} déjà",
    "a;{};b", "1,{},2", "Jane,{},2024-05-06,open", "\t{}\t", "x\t{}\ty", "name|{}|end", "<td>{}</td>", "<v a=\"{}\"/>", "[{}]",
    "* {}\n* next",
    "2024-05-06T07:08:09Z INFO handler value={} status=200", "2024-05-06 07:08:09,123 WARN [main] c.e.App - got {}", "WHERE x = '{}'",
    "INSERT INTO t VALUES (7, '{}', NULL)", "line one\nline two: {}\nline three", "Hi,\r\n\r\n{}\r\n\r\nBye", "🙂 {} 🙂",
    "Сообщение {} получено",
    "> {}", "x={}&y=2", "x: {}", "{\"v\": \"{}\"}", "JSON", "JSON", "NESTED", "ESCAPED", "LONG",
)

_NAMED = (
    "L: {}", "L {}", "L={}", "L = {}", "my L is {}", "The L {} was checked.", "L # {}", "L: {}, open", "[L] {}", "L\t{}", "L;{}", "{} (L)",
    "customer 17, L {}", "2024-05-06 INFO L={} ok", "please find L: {} below", "<L>{}</L>", "L\n{}", "L:\n  {}", "L – {}", "KEY", "KEY",
    "NESTED KEY", "COLUMN", "COLUMN",
)
_FILLER = "The delivery came on time and everything in it was as ordered. "


def _structured(form, text):
    """The value within JSON, or far into a long text."""
    if form == "JSON":
        return json.dumps({"id": 7, "value": text, "ok": True}, ensure_ascii=False)
    if form == "NESTED":
        return json.dumps([{"a": [None, {"b": text}]}], ensure_ascii=False, separators=(",", ":"))
    if form == "ESCAPED":
        return json.dumps({"body": json.dumps({"v": text}, ensure_ascii=False)}, ensure_ascii=False)
    return _FILLER * 40 + text + " " + _FILLER * 3


def place(r: Draw, sample: Sample):
    """(cell, column's name, where the secret must be found: its text as it stands in the cell)."""
    if sample.whole:
        cell, column = sample.text, ""
    elif sample.labels:
        cell, column = _with_label(r, sample)
    else:
        form = r.choice(_ALONE)
        cell = _structured(form, sample.text) if form.isupper() else form.replace("{}", sample.text)
        column = ""
    secret = sample.secret
    for _ in range(2):
        if secret not in cell:
            secret = json.dumps(secret, ensure_ascii=False)[1:-1]
    assert secret in cell, (sample, cell)
    return cell, column, secret


def _with_label(r, sample):
    label, form = r.choice(sample.labels), r.choice(_NAMED)
    key = label.rstrip(".: ")
    if form == "KEY":
        return json.dumps({"id": 7, key: sample.text, "ok": True}, ensure_ascii=False), ""
    if form == "NESTED KEY":
        return json.dumps({"person": {"name": "Jane", key: sample.text}}, ensure_ascii=False, separators=(",", ":")), ""
    if form == "COLUMN":
        name = "_".join(c for c in key.replace("-", " ").replace(".", " ").split())
        return sample.text, r.choice((name, "customer_" + name, name.upper()))
    return form.replace("L", label).replace("{}", sample.text), ""
