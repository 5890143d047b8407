"""Networks as hospitals have them, with a proxy and an authority of its own, and folders that are shut."""

import base64

import pytest
from support.bad_input import as_plain_user
from support.lab_library import IMPATIENT, arguments, check_complete, download, variables
from support.labs import lab
from support.program import cxr
from support.tls_front import ConnectProxy, encrypted
from support.watched_runs import holding

HOSTS = ("kaggle", "box")
PASSWORD = "s3cr3t/pr0xy"


@pytest.fixture(scope="module")
def running():
    with lab(images=24, size=96, folders=3) as one:
        yield one


@pytest.fixture(scope="module")
def behind_tls(running):
    with encrypted(running) as one:
        yield one


@pytest.fixture
def proxy():
    one = ConnectProxy()
    yield one
    one.close()


@pytest.fixture
def surroundings(running, behind_tls, proxy, tmp_path):
    """The variables of a machine behind that proxy, and its home, which the run itself uses."""
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "hospital.pem").write_bytes(behind_tls.authority)
    address = f"http://someone:{PASSWORD.replace('/', '%2F')}@127.0.0.1:{proxy.port}"
    told = {**variables(running), **behind_tls.variables, "HTTPS_PROXY": address}
    return home, told, str(tmp_path / "hospital.pem")


@pytest.mark.parametrize("host", HOSTS)
def test_all_comes_through_a_proxy_and_by_its_own_authority(host, running, behind_tls, proxy, surroundings):
    home, told, authority = surroundings
    cxr(home, *arguments(home / "L", host, running), variables=told | {"SSL_CERT_FILE": authority})
    check_complete(home / "L", running)
    asked = {line.partition(" ")[2] for line in proxy.asked}
    assert {line.split(" ")[0] for line in proxy.asked} == {"CONNECT"}
    assert asked <= {f"localhost:{port}" for port in behind_tls.ports}
    assert len(asked) == 2  # the host, and where it leads to
    basic = base64.b64encode(f"someone:{PASSWORD}".encode()).decode()
    assert proxy.authorizations == {f"Basic {basic}"}
    assert holding(home, [PASSWORD]) == []


@pytest.mark.parametrize("host", HOSTS)
def test_without_the_authority_it_ends_with_4_and_says_which_variable_is_missing(
    host, running, surroundings, proxy
):
    home, told, _ = surroundings
    done = cxr(home, *arguments(home / "L", host, running), expect=4, variables=told)
    assert "SSL_CERT_FILE" in done.stderr
    assert PASSWORD not in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "L").exists()
    assert proxy.asked


def test_an_authority_that_is_no_file_is_named(running, surroundings, tmp_path):
    home, told, _ = surroundings
    missing = str(tmp_path / "none.pem")
    typed = arguments(home / "L", "kaggle", running)
    done = cxr(home, *typed, expect=4, variables=told | {"SSL_CERT_FILE": missing})
    assert f"SSL_CERT_FILE names {missing}" in " ".join(done.stderr.split())


def test_a_proxy_that_wants_another_password_is_no_matter_of_kaggle_s_account(running, surroundings, proxy):
    home, told, authority = surroundings
    proxy.wanted = "Basic another"
    typed = arguments(home / "L", "kaggle", running)
    done = cxr(home, *typed, expect=4, variables=told | {"SSL_CERT_FILE": authority})
    assert "HTTPS_PROXY" in done.stderr
    assert "USER:PASSWORD@HOST:PORT" in done.stderr
    assert "kaggle.json" not in done.stderr
    assert PASSWORD not in done.stderr


def test_a_proxy_that_does_not_answer_is_named(running, surroundings, proxy):
    home, told, authority = surroundings
    proxy.close()
    told = {**told, **IMPATIENT, "SSL_CERT_FILE": authority}
    done = cxr(home, *arguments(home / "L", "kaggle", running), expect=4, variables=told)
    assert "HTTPS_PROXY" in done.stderr
    assert f"127.0.0.1:{proxy.port}" in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    ("host", "shut"), [("kaggle", "Images"), ("box", "metadata/archives/nih"), ("kaggle", ".")]
)
def test_a_folder_that_may_not_be_written_ends_with_5_and_nothing_is_lost(host, shut, running, tmp_path):
    """But for the last one, an image came before; then nothing new can be made in that folder."""
    library = tmp_path / "L"
    if shut == ".":
        library.mkdir()
    else:
        download(tmp_path, library, host, running, "--limit", 1)
    folder = library / shut
    folder.chmod(0o555)
    typed = arguments(library, host, running)
    done = cxr(tmp_path, *typed, expect=5, variables=variables(running), preexec_fn=as_plain_user)
    folder.chmod(0o755)
    assert "Next: " in done.stderr
    assert str(folder) in done.stderr.replace("\n  ", " ")
    download(tmp_path, library, host, running)
    check_complete(library, running)
