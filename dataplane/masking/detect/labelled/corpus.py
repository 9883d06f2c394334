"""The corpus: every kind's positives and all negatives, the same at every call."""
import itertools

from dataplane.masking.detect.labelled import contact_and_payment, credentials, national_elsewhere, national_europe
from dataplane.masking.detect.labelled import negative_texts, negatives, vendor_keys
from dataplane.masking.detect.labelled.draw import Draw
from dataplane.masking.detect.labelled.surroundings import place

POSITIVES_PER_KIND = 300
NEGATIVES_PER_CLASS = 1300

MAKERS = {**contact_and_payment.MAKERS, **credentials.MAKERS, **national_europe.MAKERS, **national_elsewhere.MAKERS, **vendor_keys.MAKERS}
CLASSES = {**{c.__name__: c for c in negatives.CLASSES}, **negative_texts.CLASSES}
# Names of columns that say nothing.
_COLUMNS = ("", "", "", "note", "id", "payload", "created_at", "order_id", "body", "reference", "message", "value")


def positives(kind):
    """(cell, column's name, secret) of a kind: its forms in turn."""
    r = Draw("positives of " + kind)
    samples = itertools.chain.from_iterable(MAKERS[kind](r) for _ in itertools.count())
    return [place(r, sample) for sample in itertools.islice(samples, POSITIVES_PER_KIND)]


def negatives_of(name):
    """(cell, column's name) of a class."""
    r = Draw("negatives of " + name)
    return [(CLASSES[name](r), r.choice(_COLUMNS)) for _ in range(NEGATIVES_PER_CLASS)]


def is_negative(name, kind):
    """Whether a class's texts are negatives for a kind."""
    return kind not in negatives.EXCEPT.get(name, ())
