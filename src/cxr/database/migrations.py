"""The schema, as named steps. A step that was released is never edited: a new one follows it."""

from typing import NamedTuple


class Migration(NamedTuple):
    """One step of the schema.

    Attributes:
        name: Recorded in the table ``migrations`` with the step, in one transaction.
        sql: Its statements.
    """

    name: str
    sql: str


MIGRATIONS = (
    Migration(
        "0001_library",
        """
        CREATE TABLE images (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            release TEXT NOT NULL,
            image_id TEXT NOT NULL,
            stem TEXT NOT NULL UNIQUE,
            patient_id TEXT NOT NULL,
            patient_key TEXT NOT NULL,
            study_id TEXT NOT NULL,
            study_origin TEXT NOT NULL,
            view_position TEXT NOT NULL,
            view_published TEXT NOT NULL,
            view_origin TEXT NOT NULL,
            sex TEXT NOT NULL,
            age_years REAL,
            age_published TEXT NOT NULL,
            study_date TEXT NOT NULL,
            image_path TEXT NOT NULL,
            caption_path TEXT NOT NULL,
            width INTEGER,
            height INTEGER,
            bit_depth INTEGER,
            bytes INTEGER,
            sha256 TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            pixel_processing TEXT NOT NULL,
            labeller TEXT NOT NULL,
            codes TEXT NOT NULL,            -- the packed statements of `labeller`, kept here for the views
            official_split TEXT NOT NULL,
            split TEXT NOT NULL,
            status TEXT NOT NULL,
            status_reason TEXT NOT NULL,
            table_release TEXT NOT NULL,
            reading TEXT NOT NULL,          -- of which tables, by which reader: others make a row out of date
            licence TEXT NOT NULL,
            attribution TEXT NOT NULL,
            source_url TEXT NOT NULL,
            downloaded_at TEXT NOT NULL,    -- ISO 8601, UTC
            validated_at TEXT NOT NULL,
            image_quality TEXT NOT NULL,    -- as the caption prints it
            UNIQUE (source, image_id)
        );
        -- Patients, studies and bytes are counted from this alone; splits group by it.
        CREATE INDEX images_patients ON images (source, patient_key, study_id, status, bytes);
        -- All else that `cxr stats` counts; its GROUP BY has this order: no row is read and none sorted.
        CREATE INDEX images_counted ON images (
            source, labeller, codes, official_split, split, view_position, sex, age_years, status, release,
            table_release, image_quality
        );

        CREATE TABLE labellers (
            key TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            version TEXT NOT NULL,
            scope TEXT NOT NULL,
            closed_world INTEGER NOT NULL
        ) WITHOUT ROWID;

        CREATE TABLE labeller_findings (
            labeller TEXT NOT NULL REFERENCES labellers (key) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            published TEXT NOT NULL,
            common TEXT,
            PRIMARY KEY (labeller, position)
        ) WITHOUT ROWID;

        CREATE TABLE labeller_codes (
            labeller TEXT NOT NULL REFERENCES labellers (key) ON DELETE CASCADE,
            code TEXT NOT NULL,
            state TEXT NOT NULL,
            published TEXT,
            PRIMARY KEY (labeller, code)
        ) WITHOUT ROWID;

        -- Statements of the labellers that `images.labeller` does not name.
        CREATE TABLE other_statements (
            image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
            labeller TEXT NOT NULL REFERENCES labellers (key),
            codes TEXT NOT NULL,
            PRIMARY KEY (image, labeller)
        ) WITHOUT ROWID;

        CREATE VIEW statements AS
        SELECT p.labeller, l.version AS labeller_version, l.scope, p.source,
               CASE l.scope WHEN 'image' THEN p.image_id ELSE p.study_id END AS id,
               p.image_id, f.published AS finding, f.common AS common_finding, c.state,
               coalesce(c.published, f.published) AS published_value
        FROM (
            SELECT source, image_id, study_id, labeller, codes FROM images WHERE labeller <> ''
            UNION ALL
            SELECT i.source, i.image_id, i.study_id, o.labeller, o.codes
            FROM other_statements o JOIN images i ON i.id = o.image
        ) p
        JOIN labellers l ON l.key = p.labeller
        JOIN labeller_findings f ON f.labeller = p.labeller
        JOIN labeller_codes c ON c.labeller = p.labeller AND c.code = substr(p.codes, f.position, 1);

        CREATE TABLE regions (
            id INTEGER PRIMARY KEY,
            image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
            finding TEXT NOT NULL,
            common TEXT,
            labeller TEXT NOT NULL,
            x REAL NOT NULL,
            y REAL NOT NULL,
            width REAL NOT NULL,
            height REAL NOT NULL,
            frame_width INTEGER NOT NULL,
            frame_height INTEGER NOT NULL
        );
        CREATE INDEX regions_image ON regions (image);

        CREATE TABLE issues (
            id INTEGER PRIMARY KEY,
            image INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
            code TEXT NOT NULL,
            severity TEXT NOT NULL,
            message TEXT NOT NULL,
            origin TEXT NOT NULL,           -- 'table' from reading, 'validation' from checks
            UNIQUE (image, origin, code, message)
        );

        -- What could not be read from a published table, as it was when the dataset was last read.
        CREATE TABLE table_problems (
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            table_name TEXT NOT NULL,
            line INTEGER NOT NULL,
            code TEXT NOT NULL,
            message TEXT NOT NULL,
            image_id TEXT NOT NULL
        );

        -- The latest outcome of each image that was asked for.
        CREATE TABLE ledger (
            source TEXT NOT NULL,
            image_id TEXT NOT NULL,
            outcome TEXT NOT NULL,          -- 'downloaded' or 'failed'
            name TEXT NOT NULL,             -- file name under the images folder
            bytes INTEGER,
            sha256 TEXT NOT NULL,
            how TEXT NOT NULL,
            host TEXT NOT NULL,
            url TEXT NOT NULL,
            code TEXT NOT NULL,
            reason TEXT NOT NULL,
            seconds REAL NOT NULL,
            at TEXT NOT NULL,
            run INTEGER,
            PRIMARY KEY (source, image_id)
        ) WITHOUT ROWID;

        CREATE TABLE runs (
            id INTEGER PRIMARY KEY,
            verb TEXT NOT NULL,
            source TEXT NOT NULL,
            request TEXT NOT NULL,          -- JSON; what `--resume` takes up again; never a secret
            cxr_version TEXT NOT NULL,
            started_at TEXT NOT NULL,
            finished_at TEXT NOT NULL,
            outcome TEXT NOT NULL,          -- 'running', 'done', 'failures', 'interrupted', 'error'
            counts TEXT NOT NULL            -- JSON
        );

        -- One row while master_index.csv and .parquet say what the index says; none from its next change on.
        CREATE TABLE views_written (at TEXT NOT NULL);
        """,
    ),
    Migration(
        "0002_second_run",
        """
        -- What a run asks first: where images stand, and which were read from other tables. No row is read.
        CREATE INDEX images_standing ON images (source, status, release, reading, image_quality);
        CREATE INDEX ledger_failed ON ledger (source, image_id) WHERE outcome = 'failed';
        """,
    ),
    Migration(
        "0003_shrunk",
        """
        -- What the host has, of images that were made smaller on the way; `images` tells of what is in place.
        CREATE TABLE originals (
            image INTEGER PRIMARY KEY REFERENCES images (id) ON DELETE CASCADE,
            bytes INTEGER NOT NULL,
            sha256 TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            bit_depth INTEGER NOT NULL,
            scaled_width INTEGER NOT NULL,  -- the whole image, of which the frame may show a part
            scaled_height INTEGER NOT NULL,
            "left" INTEGER NOT NULL,        -- where it lies in the frame
            top INTEGER NOT NULL,
            processing TEXT NOT NULL
        );

        -- Regions in the pixels of the image in place, cut at its edges; `regions` has them as published.
        CREATE VIEW regions_in_images AS
        SELECT id, image, finding, common, labeller, x, y, right - x AS width, bottom - y AS height,
               frame_width, frame_height
        FROM (
            SELECT r.id, r.image, r.finding, r.common, r.labeller,
                   max(0.0, r.x * o.scaled_width / o.width + o."left") AS x,
                   max(0.0, r.y * o.scaled_height / o.height + o.top) AS y,
                   min(1.0 * i.width, (r.x + r.width) * o.scaled_width / o.width + o."left") AS right,
                   min(1.0 * i.height, (r.y + r.height) * o.scaled_height / o.height + o.top) AS bottom,
                   i.width AS frame_width, i.height AS frame_height
            FROM regions r JOIN images i ON i.id = r.image JOIN originals o ON o.image = r.image
            WHERE r.frame_width = o.width AND r.frame_height = o.height
        )
        WHERE right > x AND bottom > y
        UNION ALL
        SELECT id, image, finding, common, labeller, x, y, width, height, frame_width, frame_height
        FROM regions WHERE image NOT IN (SELECT image FROM originals);
        """,
    ),
)
