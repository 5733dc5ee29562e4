-- What sellers tell of their projects.
CREATE TABLE project_update (
  id uuid PRIMARY KEY,
  project_id uuid NOT NULL REFERENCES project,
  title text NOT NULL,
  body text NOT NULL,
  image_urls text[] NOT NULL,
  backers_only boolean NOT NULL,
  create_time timestamptz NOT NULL
);
CREATE INDEX project_update_by_project ON project_update (project_id, id);

-- Titles as they are searched. In a table of their own, so that a hot project's row has no more indexes to open with each pledge. pg_trgm
-- would not do: it needs three letters where Korean words have two, sees no Korean letter at all under the C locale, and is not everywhere.

-- In one form, whatever keyboard and case: what looks alike is alike. The C locale knows the case of ASCII only.
CREATE FUNCTION title_form(title text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT translate(lower(normalize(title, NFC)),
    'ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ',
    'àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżž')
$$;

-- Every letter, and every two that stand together.
CREATE FUNCTION title_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT substr(form, start, size)), '{}')
    FROM generate_series(1, length(form)) AS start, generate_series(1, 2) AS size WHERE start + size <= length(form) + 1
$$;

-- Those that a title has to have: every two letters, or the only one.
CREATE FUNCTION searched_grams(form text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN length(form) = 1 THEN ARRAY[form] ELSE ARRAY(SELECT DISTINCT substr(form, start, 2) FROM generate_series(1, length(form) - 1) AS start) END
$$;

CREATE TABLE project_title (
  -- The project's.
  id uuid PRIMARY KEY,
  form text NOT NULL,
  grams text[] NOT NULL
);
CREATE INDEX project_title_grams ON project_title USING gin (grams);

CREATE FUNCTION keep_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO project_title VALUES (NEW.id, title_form(NEW.title), title_grams(title_form(NEW.title)))
    ON CONFLICT (id) DO UPDATE SET form = excluded.form, grams = excluded.grams;
  RETURN NULL;
END $$;
CREATE TRIGGER title_of_new_project AFTER INSERT ON project FOR EACH ROW EXECUTE FUNCTION keep_title();
-- No pledge names the title, so none comes here.
CREATE TRIGGER title_of_changed_project AFTER UPDATE OF title ON project FOR EACH ROW WHEN (OLD.title <> NEW.title) EXECUTE FUNCTION keep_title();
INSERT INTO project_title SELECT id, title_form(title), title_grams(title_form(title)) FROM project;
