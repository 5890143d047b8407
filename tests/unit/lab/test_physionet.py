"""The lab's PhysioNet answers whom the real one answers, and as nginx hands out files."""

import base64
import hashlib
import re
from http.client import IncompleteRead

import pytest
from support.asking import ask
from support.labs import lab

from cxr.lab import Account, Pace, PhysioNetRules
from cxr.lab.mimic_build import JPG, TEXTS
from cxr.lab.physionet_rules import IMAGES_ONLY, NEWCOMER, PASSWORD, READER, REPORTS_ONLY

WGET = "Wget/1.21.3"
SUMS = "SHA256SUMS.txt"


@pytest.fixture(scope="module")
def running():
    with lab(hosts=["physionet"], pace=Pace(stall=60)) as started:
        yield started


@pytest.fixture
def forwarding():
    with lab(hosts=["physionet"], physionet=PhysioNetRules(second_host=True)) as started:
        yield started


@pytest.fixture(autouse=True)
def _afresh(running):
    running.failures.clear()
    running.reset_accounts()


def basic(name, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def get(running, path, *, who=READER, agent=WGET, method="GET", **headers):
    """Ask as somebody; ``None`` for nobody."""
    known = basic(who.name, who.password) if who else {}
    url = f"{running.origin('physionet')}/files/{path}"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return ask(url, method, {"User-Agent": agent, **known, **named}, timeout=30)


def image(running, number=0):
    return f"{JPG}/{running.mimic.images[number]}"


class TestWhoMayHaveWhat:
    """Passwords count from listed programs alone; then the account must be credentialed and have signed."""

    def test_without_a_password_a_listed_program_is_asked_for_one_and_given_the_test_cookie(self, running):
        said = get(running, f"{JPG}/{SUMS}", who=None)
        assert said.status == 401
        assert said.headers["www-authenticate"] == 'Basic realm="PhysioNet", charset="UTF-8"'
        cookie = said.headers["set-cookie"]
        assert cookie.startswith("testcookie=1;")
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax"))

    @pytest.mark.parametrize("agent", ["Wget/1.21.3", "Wget/2.1.0", "libwfdb/10.7.0"])
    def test_a_listed_program_with_the_right_password_gets_the_file(self, running, agent):
        assert get(running, f"{JPG}/{SUMS}", agent=agent).status == 200

    @pytest.mark.parametrize(
        "agent", ["curl/8.5", "python-requests/2.32", "Mozilla/5.0", "cxr/1", "", "wget/1.0"]
    )
    @pytest.mark.parametrize("who", [READER, None])
    def test_any_other_program_is_refused_whatever_its_password(self, running, agent, who):
        said = get(running, f"{JPG}/{SUMS}", agent=agent, who=who)
        assert (said.status, said.headers["www-authenticate"]) == (403, None)
        assert said.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize(
        "header",
        [
            basic(READER.name, "wrong"),
            basic("nobody"),
            basic("", ""),
            {"Authorization": "Basic not base64"},
            {"Authorization": "Basic"},
            {"Authorization": "Bearer " + basic(READER.name)["Authorization"][6:]},
        ],
        ids=str,
    )
    def test_a_wrong_password_is_asked_for_again(self, running, header):
        assert get(running, f"{JPG}/{SUMS}", who=None, **header).status == 401

    @pytest.mark.parametrize(
        ("who", "images", "reports"),
        [(READER, 200, 200), (IMAGES_ONLY, 200, 403), (REPORTS_ONLY, 403, 200), (NEWCOMER, 403, 403)],
        ids=lambda one: getattr(one, "name", one),
    )
    def test_each_project_needs_its_own_agreement_and_both_an_approved_account(
        self, running, who, images, reports
    ):
        assert get(running, image(running), who=who).status == images
        assert get(running, f"{TEXTS}/mimic-cxr-reports.zip", who=who).status == reports

    def test_who_may_not_read_is_not_told_what_is_there(self, running):
        assert get(running, f"{JPG}/nothing", who=NEWCOMER).status == 403
        assert get(running, f"{JPG}/nothing", who=None).status == 401
        assert get(running, f"{JPG}/nothing").status == 404

    @pytest.mark.parametrize("path", [f"{JPG[:-1]}1/README", "mimic-cxr-jpg", "mimic-iv/3.1/README", ""])
    def test_there_is_no_other_project(self, running, path):
        assert get(running, path).status == 404

    def test_only_reading_is_allowed(self, running):
        assert get(running, image(running), method="POST").status == 403

    def test_no_password_shows_in_what_prints_the_accounts(self):
        assert PASSWORD not in repr(PhysioNetRules())


class TestSessions:
    """Whoever shows that it keeps cookies needs its password once."""

    def session(self, running):
        said = get(running, f"{JPG}/README", Cookie="testcookie=1")
        return said.headers["set-cookie"].partition(";")[0]

    def test_a_session_opens_files_without_a_password_for_any_program(self, running):
        cookie = self.session(running)
        assert cookie.startswith("sessionid=")
        said = get(running, image(running), who=None, agent="Mozilla/5.0", Cookie=f"testcookie=1; {cookie}")
        assert (said.status, said.headers["set-cookie"]) == (200, None)

    def test_a_session_is_that_of_its_account(self, running):
        said = get(running, f"{JPG}/README", who=IMAGES_ONLY, Cookie="testcookie=1")
        cookie = said.headers["set-cookie"].partition(";")[0]
        assert get(running, f"{TEXTS}/{SUMS}", who=None, Cookie=cookie).status == 403

    @pytest.mark.parametrize("cookie", ["", "sessionid=invented", "other=1", "=;=;"])
    def test_without_the_test_cookie_there_is_none(self, running, cookie):
        assert get(running, f"{JPG}/README", Cookie=cookie).headers["set-cookie"] is None
        assert get(running, f"{JPG}/README", who=None, Cookie=cookie).status == 401

    def test_a_refused_visitor_gets_none(self, running):
        assert (
            get(running, f"{JPG}/README", who=NEWCOMER, Cookie="testcookie=1").headers["set-cookie"] is None
        )


class TestFiles:
    """As nginx hands them out."""

    def test_every_file_comes_as_it_was_published(self, running):
        for project, held in running.mimic.projects.items():
            sums = running.mimic.checksums(project)
            for path in [*held.below(""), *running.mimic.images[:3]]:
                if path.endswith("/") or (project == TEXTS and "/" in path):
                    continue
                said = get(running, f"{project}/{path}")
                assert said.status == 200
                assert path == SUMS or hashlib.sha256(said.body).hexdigest() == sums[path]

    def test_a_report_is_also_a_file_of_its_own(self, running):
        text = next(path for path in running.mimic.projects[TEXTS].paths if path.startswith("files/"))
        said = get(running, f"{TEXTS}/{text}")
        assert b"FINAL REPORT" in said.body
        assert said.headers["content-type"] == "text/plain"

    @pytest.mark.parametrize("name", ["image", "table"])
    def test_parts_and_validators_are_those_of_nginx(self, running, name):
        path = image(running) if name == "image" else f"{JPG}/mimic-cxr-2.0.0-metadata.csv.gz"
        whole = get(running, path)
        size, etag = len(whole.body), whole.headers["etag"]
        assert re.fullmatch(rf'"[0-9a-f]+-{size:x}"', etag)
        assert whole.headers["accept-ranges"] == "bytes"
        part = get(running, path, Range="bytes=10-19", If_Range=etag)
        assert (part.status, part.body) == (206, whole.body[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{size}"
        assert get(running, path, Range="bytes=10-", If_Range='"other"').body == whole.body
        assert get(running, path, Range=f"bytes={size}-").status == 416
        head = get(running, path, method="HEAD")
        assert (head.headers["content-length"], head.body) == (str(size), b"")

    def test_an_unchanged_file_is_not_sent_again(self, running):
        modified = get(running, image(running)).headers["last-modified"]
        said = get(running, image(running), If_Modified_Since=modified)
        assert (said.status, said.body) == (304, b"")
        other = "Mon, 01 Jan 2001 00:00:00 GMT"
        assert get(running, image(running), If_Modified_Since=other).status == 200

    def test_a_file_is_given_as_an_attachment_on_request(self, running):
        assert get(running, f"{JPG}/README?download").headers["content-disposition"] == "attachment"
        assert get(running, f"{JPG}/README").headers["content-disposition"] is None

    @pytest.mark.parametrize(
        "path", [f"{JPG}/files/p10/nothing.jpg", f"{JPG}/RECORDS", f"{JPG}/nowhere/", f"{JPG}/.."]
    )
    def test_what_is_not_there_is_not_found(self, running, path):
        assert get(running, path).status == 404


class TestFolders:
    """Redirects and listings."""

    @pytest.mark.parametrize("path", [JPG, f"{JPG}/files", f"{JPG}/files/p10"])
    def test_a_folder_without_its_slash_leads_to_the_one_with_it(self, running, path):
        said = get(running, path)
        assert (said.status, said.headers["location"]) == (302, f"/files/{path}/")

    def test_a_folder_lists_what_is_in_it_with_folders_first(self, running):
        page = get(running, f"{JPG}/").body.decode()
        assert "<h1>Index of /files/mimic-cxr-jpg/2.1.0/</h1>" in page
        links = re.findall(r'<a href="([^"]+)">', page)
        assert links == [
            "../",
            "files/",
            *(name for name in running.mimic.projects[JPG].below("") if "/" not in name),
        ]
        size = len(running.mimic.projects[JPG].read("README"))
        assert re.search(rf"README</a> +\d\d-\w{{3}}-\d{{4}} \d\d:\d\d +{size}\n", page)

    def test_its_pages_lead_to_every_image(self, running):
        found, open_pages = [], [f"{JPG}/files/"]
        while open_pages:
            page = open_pages.pop()
            for link in re.findall(r'<a href="([^"]+)">', get(running, page).body.decode())[1:]:
                (open_pages if link.endswith("/") else found).append(page + link)
        assert sorted(found) == [f"{JPG}/{path}" for path in running.mimic.images]


class TestTheApi:
    """What is told of projects without an account."""

    def api(self, running, path):
        return ask(f"{running.origin('physionet')}/api/v1/project/published/{path}")

    def test_it_lists_both_projects(self, running):
        assert [one["slug"] for one in self.api(running, "").json] == ["mimic-cxr-jpg", "mimic-cxr"]
        assert [one["version"] for one in self.api(running, "mimic-cxr/").json] == ["2.1.0"]

    def test_it_describes_a_version(self, running):
        said = self.api(running, f"{JPG}/").json
        assert said["doi"] == "10.13026/jsn5-t979"
        assert said["main_storage_size"] == running.mimic.projects[JPG].size > 0
        assert set(said) >= {"abstract", "license", "publish_datetime", "compressed_storage_size"}

    @pytest.mark.parametrize("path", ["mimic-iv/", "mimic-cxr/9.9/"])
    def test_it_knows_no_other(self, running, path):
        assert self.api(running, path).status == 404


class TestASecondHost:
    """Files may come from another name, which is to be told no password."""

    def test_a_file_leads_there_and_is_had_without_a_password(self, forwarding):
        said = get(forwarding, image(forwarding))
        assert (said.status, said.body) == (302, b"")
        address = said.headers["location"]
        assert address.startswith(forwarding.origin("physionet-bulk"))
        assert forwarding.origin("physionet-bulk") != forwarding.origin("physionet")
        given = ask(address, headers={"Range": "bytes=5-"})
        path = forwarding.mimic.images[0]
        assert (given.status, given.body) == (206, forwarding.mimic.projects[JPG].read(path)[5:])
        assert [one.server for one in forwarding.requests("physionet")] == ["physionet", "physionet-bulk"]

    def test_an_address_that_nobody_gave_opens_nothing(self, forwarding):
        address = get(forwarding, image(forwarding)).headers["location"]
        other = address.replace(forwarding.mimic.images[0], forwarding.mimic.images[1])
        assert ask(other).status == 403
        assert ask(f"{forwarding.origin('physionet-bulk')}/files/{image(forwarding)}").status == 403

    def test_folders_and_refusals_stay_where_they_are(self, forwarding):
        assert get(forwarding, f"{JPG}/").status == 200
        assert get(forwarding, image(forwarding), who=NEWCOMER).status == 403
        assert get(forwarding, f"{JPG}/nothing").status == 404


class TestRules:
    """What a lab may ask otherwise."""

    def test_other_programs_and_accounts_may_be_let_in(self):
        rules = PhysioNetRules(
            (Account("me", "mine", agreements=frozenset({TEXTS})),), ("cxr/",), sessions=False
        )
        with lab(hosts=["physionet"], physionet=rules) as started:
            me = rules.accounts[0]
            asked = {"who": me, "Cookie": "testcookie=1"}
            said = get(started, f"{TEXTS}/{SUMS}", agent="cxr/1.0 (+https://example.org)", **asked)
            assert (said.status, said.headers["set-cookie"]) == (200, None)
            assert get(started, f"{TEXTS}/{SUMS}", agent=WGET, **asked).status == 403
            assert get(started, f"{JPG}/{SUMS}", agent="cxr/1.0", **asked).status == 403
            assert started.environment["PHYSIONET_USERNAME"] == "me"

    def test_the_lab_says_where_it_is_and_who_may_read(self, running):
        assert running.environment["PHYSIONET_USERNAME"] == READER.name
        assert running.environment["PHYSIONET_PASSWORD"] == PASSWORD
        assert f"{running.origin('physionet')}/files" in running.dataset_sources.read_text("utf-8")

    def test_a_lab_of_it_alone_holds_nothing_of_nih(self, running):
        with pytest.raises(KeyError):
            _ = running.images
        with lab(hosts=["box"]) as other, pytest.raises(KeyError):
            _ = other.mimic


class TestFailures:
    """Each switch does what it says."""

    def strike(self, running, name, rate=1.0):
        running.failures[name] = rate

    def struck(self, running):
        return {exchange.failure for exchange in running.requests("physionet")} - {""}

    @pytest.mark.parametrize(
        ("name", "statuses"),
        [
            ("server-error", {500, 503}),
            ("rate-limit", {429}),
            ("address-refused", {403}),
            ("no-single-files", {404}),
        ],
    )
    def test_some_end_with_a_status(self, running, name, statuses):
        self.strike(running, name)
        said = [get(running, image(running)) for _ in range(8)]
        assert {one.status for one in said} == statuses
        assert self.struck(running) == {name}
        if statuses & {429, 503}:
            assert "1" in {one.headers["retry-after"] for one in said}

    @pytest.mark.parametrize(
        ("name", "error"),
        [("early-close", IncompleteRead), ("reset", ConnectionResetError), ("stall", TimeoutError)],
    )
    def test_some_break_the_connection(self, running, name, error):
        self.strike(running, name)
        url = f"{running.origin('physionet')}/files/{image(running)}"
        with pytest.raises(error):
            ask(
                url,
                headers={"User-Agent": WGET, **basic(READER.name)},
                timeout=0.5 if name == "stall" else 30,
            )
        assert self.struck(running) == {name}

    def test_no_ranges_gives_the_whole(self, running):
        self.strike(running, "no-ranges")
        said = get(running, image(running), Range="bytes=5-")
        assert (said.status, said.headers["accept-ranges"]) == (200, None)
        assert self.struck(running) == {"no-ranges"}

    def test_flipped_byte_changes_one_byte_of_a_file_or_part(self, running):
        whole = get(running, image(running)).body
        self.strike(running, "flipped-byte")
        for said, right in [
            (get(running, image(running)), whole),
            (get(running, image(running), Range="bytes=7-"), whole[7:]),
        ]:
            assert len(said.body) == len(right)
            assert sum(one != other for one, other in zip(said.body, right, strict=True)) == 1
        table = f"{JPG}/mimic-cxr-2.0.0-split.csv.gz"
        assert get(running, table).body != running.mimic.projects[JPG].read(table.removeprefix(f"{JPG}/"))

    def test_truncated_file_ends_early_and_claims_to_be_whole(self, running):
        whole = get(running, image(running)).body
        self.strike(running, "truncated-file")
        said = [get(running, image(running)).body for _ in range(4)]
        assert all(whole.startswith(one) and len(one) < len(whole) for one in said)
        assert len({len(one) for one in said}) > 1

    @pytest.mark.parametrize("name", ["flipped-byte", "truncated-file"])
    def test_the_two_lists_are_left_whole(self, running, name):
        self.strike(running, name)
        for listed in ("IMAGE_FILENAMES", SUMS):
            assert get(running, f"{JPG}/{listed}").body == running.mimic.projects[JPG].read(listed)

    def test_wrong_sha256_states_another_of_some_images_and_gives_the_right_bytes(self, running):
        right = running.mimic.checksums(JPG)
        self.strike(running, "wrong-sha256", 0.1)
        lines = get(running, f"{JPG}/{SUMS}").body.decode().splitlines()
        stated = {path: digest for digest, _, path in (line.partition(" ") for line in lines)}
        wrong = [path for path in right if stated[path] != right[path]]
        assert list(stated) == list(right)
        assert 0 < len(wrong) < 20
        assert set(wrong) <= set(running.mimic.images)
        assert hashlib.sha256(get(running, f"{JPG}/{wrong[0]}").body).hexdigest() == right[wrong[0]]
        assert self.struck(running) == {"wrong-sha256"}

    def test_no_single_files_hits_the_same_images_each_time(self, running):
        self.strike(running, "no-single-files", 0.1)
        first, second = (
            {n for n in range(40) if get(running, image(running, n)).status == 404} for _ in range(2)
        )
        assert first == second
        assert 0 < len(first) < 20
