"""Keys that a vendor marks with a prefix, as its documentation and its keys show them."""
import base64
import string
import zlib

from dataplane.masking.detect.labelled.draw import ALNUM, BASE64URL, HEX, LOWER_ALNUM, UPPER_ALNUM, Draw, Sample, alone, named

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE32 = string.ascii_uppercase + "234567"


def _github(r, prefix):
    """30 random characters and their CRC-32 in Base62."""
    body = r.mixed(ALNUM, 30)
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, rest = divmod(number, 62)
        check = _BASE62[rest] + check
    return prefix + body + check


def _url(r, count):
    """Random characters of Base64 for URLs that end in none of its two signs, as bytes nearly always do not."""
    return r.mixed(BASE64URL, count - 1) + r.choice(ALNUM)


def discord_token(r: Draw):
    """The bot's id in Base64, a time, a signature."""
    name = base64.urlsafe_b64encode(r.digits(18, "123456789").encode()).decode().rstrip("=")
    return alone(f"{name}.{_url(r, 6)}.{_url(r, 27)}", f"{name}.G{_url(r, 5)}.{_url(r, 38)}")


def heroku_key(r: Draw):
    """A UUID that a word tells; since 2024 with a prefix."""
    return alone(f"HRKU-{r.uuid()}", f"HRKU-AA{_url(r, 58)}") + named(("heroku api key", "HEROKU_API_KEY", "heroku_key"), r.uuid())


def sentry_token(r: Draw):
    """sntrys_, JSON in Base64, a secret."""
    head = base64.b64encode(f'{{"iat":{r.randint(1600000000, 1800000000)}.1,"url":"https://sentry.io","org":"shop{r.randint(1, 9)}"}}'.encode()).decode()
    return alone(f"sntrys_{head}_{r.mixed(ALNUM, 43)}", f"sntryu_{r.hex(64)}")


def terraform_token(r: Draw):
    """HCP Terraform: 14 characters, atlasv1, 67."""
    return alone(f"{r.mixed(ALNUM, 14)}.atlasv1.{r.mixed(ALNUM, 67)}")


def onepassword_token(r: Draw):
    """ops_ and JSON in Base64."""
    return alone("ops_" + base64.urlsafe_b64encode(f'{{"email":"{r.hex(12)}@1passwordserviceaccounts.com","muk":"{r.hex(120)}"}}'.encode()).decode().rstrip("="))


def grafana_token(r: Draw):
    """Service accounts with a checksum, cloud tokens, the older API keys."""
    cloud = base64.b64encode(f'{{"o":"{r.randint(1000, 99999)}","n":"shop","k":"{r.mixed(ALNUM, 32)}","m":{{"r":"us"}}}}'.encode()).decode()
    older = base64.b64encode(f'{{"k":"{r.mixed(ALNUM, 32)}","n":"shop","id":{r.randint(1, 9)}}}'.encode()).decode()
    return alone(f"glsa_{r.mixed(ALNUM, 32)}_{r.hex(8)}", "glc_" + cloud.rstrip("="), older.rstrip("="))


# kind: what makes its keys, several forms each.
_FORMS = {
    "airtable_token": (lambda r: f"pat{r.mixed(ALNUM, 14)}.{r.hex(64)}",),
    "alibaba_access_key": (lambda r: "LTAI5t" + r.mixed(ALNUM, 18), lambda r: "LTAI" + r.mixed(ALNUM, 12)),
    "anthropic_key": (lambda r: f"sk-ant-api03-{_url(r, 93)}AA", lambda r: f"sk-ant-admin01-{_url(r, 93)}AA"),
    "artifactory_token": (lambda r: "AKCp" + r.mixed(ALNUM, 69), lambda r: "cmVmdGtu" + r.mixed(ALNUM, 56)),
    "atlassian_token": (lambda r: f"ATATT3xFfGF0{_url(r, 171)}={r.hex(8).upper()}",
                        lambda r: f"ATCTT3xFfGN0{_url(r, 171)}={r.hex(8).upper()}",
                        lambda r: "ATBB" + r.mixed(ALNUM, 32)),
    "aws_access_key": (lambda r: "AKIA" + r.of(_BASE32, 16), lambda r: "ASIA" + r.of(_BASE32, 16)),
    "azure_client_secret": (lambda r: f"{r.mixed(ALNUM, 3)}8Q~{_url(r, 34)}",
                            lambda r: f"{r.mixed(ALNUM, 3)}7Q~{r.mixed(ALNUM + '_~.-', 30)}{r.of(ALNUM, 1)}"),
    "braintree_token": (lambda r: f"access_token$production${r.mixed(LOWER_ALNUM, 16)}${r.hex(32)}",
                        lambda r: f"access_token$sandbox${r.mixed(LOWER_ALNUM, 16)}${r.hex(32)}"),
    "brevo_key": (lambda r: f"xkeysib-{r.hex(64)}-{r.mixed(ALNUM, 16)}", lambda r: f"xsmtpsib-{r.hex(64)}-{r.mixed(ALNUM, 16)}"),
    "buildkite_token": (lambda r: "bkua_" + r.hex(40),),
    "crates_token": (lambda r: "cio" + r.mixed(ALNUM, 32),),
    "databricks_token": (lambda r: "dapi" + r.mixed(HEX, 32), lambda r: f"dapi{r.mixed(HEX, 32)}-{r.choice('23')}"),
    "digitalocean_token": (lambda r: "dop_v1_" + r.hex(64), lambda r: "doo_v1_" + r.hex(64), lambda r: "dor_v1_" + r.hex(64)),
    "dockerhub_token": (lambda r: "dckr_pat_" + _url(r, 27), lambda r: "dckr_oat_" + _url(r, 32)),
    "doppler_token": (lambda r: "dp.pt." + r.mixed(ALNUM, 43), lambda r: "dp.st.prd." + r.mixed(ALNUM, 43),
                      lambda r: "dp.ct." + r.mixed(ALNUM, 43)),
    "dropbox_token": (lambda r: "sl." + _url(r, 135), lambda r: f"sl.u.{_url(r, 180)}"),
    "facebook_token": (lambda r: "EAA" + r.mixed(ALNUM, r.randint(100, 190)), lambda r: "EAACEdEose0cBA" + r.mixed(ALNUM, 120)),
    "figma_token": (lambda r: "figd_" + _url(r, 40),),
    "fly_token": (lambda r: "fo1_" + _url(r, 43), lambda r: "fm2_" + r.base64(120).rstrip("=")),
    "gcp_api_key": (lambda r: "AIza" + _url(r, 35),),
    "gcp_oauth_token": (lambda r: "ya29." + _url(r, r.randint(60, 200)), lambda r: "GOCSPX-" + _url(r, 28)),
    "github_token": (*(lambda r, p=p: _github(r, p) for p in ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
                     lambda r: f"github_pat_{r.mixed(ALNUM, 22)}_{r.mixed(ALNUM, 59)}"),
    "gitlab_token": (lambda r: "glpat-" + _url(r, 20), lambda r: "gldt-" + _url(r, 20), lambda r: "glrt-" + _url(r, 20),
                     lambda r: "glptt-" + r.hex(40),
                     lambda r: f"glpat-{_url(r, 27)}.01.{r.mixed(LOWER_ALNUM, 9)}"),
    "groq_key": (lambda r: "gsk_" + r.mixed(ALNUM, 52),),
    "huggingface_token": (lambda r: "hf_" + r.of(string.ascii_letters, 34), lambda r: "api_org_" + r.of(string.ascii_letters, 34)),
    "linear_key": (lambda r: "lin_api_" + r.mixed(ALNUM, 40), lambda r: "lin_oauth_" + r.hex(64)),
    "mailchimp_key": (lambda r: f"{r.mixed(HEX, 32)}-us{r.randint(1, 22)}",),
    "mailgun_key": (lambda r: "key-" + r.mixed(HEX, 32), lambda r: f"{r.mixed(HEX, 32)}-{r.hex(8)}-{r.hex(8)}"),
    "netlify_token": (lambda r: "nfp_" + r.mixed(ALNUM, 36),),
    "newrelic_key": (lambda r: "NRAK-" + r.mixed(UPPER_ALNUM, 27), lambda r: "NRII-" + _url(r, 32), lambda r: r.mixed(HEX, 36) + "NRAL",
                     lambda r: "NRJS-" + r.mixed(HEX, 19)),
    "notion_token": (lambda r: f"ntn_{r.digits(11)}{r.mixed(ALNUM, 35)}", lambda r: "secret_" + r.mixed(ALNUM, 43)),
    "npm_token": (lambda r: _github(r, "npm_"),),
    "nuget_key": (lambda r: "oy2" + r.mixed("abcdefghijklmnopqrstuvwxyz234567", 43),),
    "openai_key": (lambda r: f"sk-{r.mixed(ALNUM, 20)}T3BlbkFJ{r.mixed(ALNUM, 20)}",
                   lambda r: f"sk-proj-{_url(r, 74)}T3BlbkFJ{_url(r, 74)}",
                   lambda r: f"sk-svcacct-{_url(r, 74)}T3BlbkFJ{_url(r, 74)}", lambda r: f"sk-admin-{_url(r, 58)}T3BlbkFJ{_url(r, 58)}"),
    "perplexity_key": (lambda r: "pplx-" + r.mixed(ALNUM, 48), lambda r: "pplx-" + r.hex(48)),
    "planetscale_token": (lambda r: "pscale_tkn_" + _url(r, 43), lambda r: "pscale_pw_" + _url(r, 43),
                          lambda r: "pscale_oauth_" + _url(r, 43)),
    "postman_key": (lambda r: f"PMAK-{r.hex(24)}-{r.hex(34)}",),
    "pulumi_token": (lambda r: "pul-" + r.mixed(HEX, 40),),
    "pypi_token": (lambda r: "pypi-AgEIcHlwaS5vcmc" + _url(r, r.randint(85, 150)),),
    "replicate_token": (lambda r: "r8_" + r.mixed(ALNUM, 37),),
    "rubygems_key": (lambda r: "rubygems_" + r.hex(48),),
    "sendgrid_key": (lambda r: f"SG.{_url(r, 22)}.{_url(r, 43)}",),
    "shippo_token": (lambda r: "shippo_live_" + r.hex(40), lambda r: "shippo_test_" + r.hex(40)),
    "shopify_token": tuple((lambda r, p=p: p + r.hex(32)) for p in ("shpat_", "shpca_", "shppa_", "shpss_")),
    "slack_token": (lambda r: f"xoxb-{r.digits(12, '123456789')}-{r.digits(13, '123456789')}-{r.mixed(ALNUM, 24)}",
                    lambda r: f"xoxp-{r.digits(12, '123456789')}-{r.digits(12, '123456789')}-{r.digits(13, '123456789')}-{r.hex(32)}",
                    lambda r: f"xapp-1-A{r.of(UPPER_ALNUM, 10)}-{r.digits(13, '123456789')}-{r.hex(64)}",
                    lambda r: f"xoxe.xoxp-1-{r.mixed(ALNUM, 163)}"),
    "square_token": (lambda r: "EAAA" + _url(r, 60), lambda r: "sq0atp-" + _url(r, 22), lambda r: "sq0csp-" + _url(r, 43)),
    "stripe_key": tuple((lambda r, p=p: p + r.mixed(ALNUM, r.choice((24, 99)))) for p in ("sk_live_", "sk_test_", "rk_live_", "rk_test_"))
                  + (lambda r: "whsec_" + r.mixed(ALNUM, 32),),
    "supabase_token": (lambda r: "sbp_" + r.hex(40), lambda r: f"sb_secret_{_url(r, 22)}_{_url(r, 8)}"),
    "tailscale_key": tuple((lambda r,
                            p=p: f"tskey-{p}-k{r.mixed(ALNUM, 10)}CNTRL-{r.mixed(ALNUM, 32)}") for p in ("auth", "api", "client")),
    "telegram_token": (lambda r: f"{r.digits(10, '123456789')}:AA{_url(r, 33)}", lambda r: f"{r.digits(9, '123456789')}:AA{_url(r, 33)}"),
    "twilio_key": (lambda r: "SK" + r.mixed(HEX, 32), lambda r: "AC" + r.mixed(HEX, 32)),
    "vault_token": (lambda r: "hvs." + _url(r, r.choice((24, 95))), lambda r: "hvb." + _url(r, 140), lambda r: "s." + r.mixed(ALNUM, 24)),
    "xai_key": (lambda r: "xai-" + r.mixed(ALNUM, 80),),
}


def _maker(forms):
    return lambda r: [Sample(form(r)) for form in forms]


MAKERS = {kind: _maker(forms) for kind, forms in _FORMS.items()}
MAKERS.update((f.__name__, f) for f in (discord_token, heroku_key, sentry_token, terraform_token, onepassword_token, grafana_token))
