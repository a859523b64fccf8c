-- Alerts of any source and how long they lasted, one row each.
--
-- An alert begins with the first error or warning that leaves its subject open,
-- and ends with the next event that resolves the subject, whatever its
-- severity. Errors and warnings in between belong to it and don't restart its
-- clock. One that has not ended is listed too, without an end. What counts is
-- when things happened; of the same moment, the resolution counts as the later.
WITH
  changes AS (
    SELECT
      source,
      kind,
      subject,
      state,
      type,
      severity,
      title,
      url,
      place,
      actor,
      COALESCE(occurred_at, received_at) AS happened_at,
      IF(state = 'open', 0, 1) AS place_in_moment,
      received_at,
      delivery_id
    FROM
      `${table}`
    WHERE
      ${since}
      AND subject IS NOT NULL
      AND (state = 'resolved' OR (state = 'open' AND severity IN ('error', 'warning')))
    QUALIFY
      ROW_NUMBER() OVER (PARTITION BY source, delivery_id ORDER BY received_at, occurred_at, type, subject, state, severity, title) = 1
  ),
  -- How often the subject was resolved before: the same for all of an alert.
  numbered AS (
    SELECT
      *,
      COUNTIF(state = 'resolved') OVER (
        PARTITION BY source, subject
        ORDER BY happened_at, place_in_moment, received_at, delivery_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS recoveries_before
    FROM
      changes
  ),
  alerts AS (
    SELECT
      source,
      subject,
      ARRAY_AGG(change ORDER BY happened_at, place_in_moment, received_at, delivery_id LIMIT 1)[OFFSET(0)] AS first_change,
      ARRAY_AGG(change ORDER BY happened_at DESC, place_in_moment DESC, received_at DESC, delivery_id DESC LIMIT 1)[OFFSET(0)] AS last_change,
      COUNTIF(severity = 'error' AND state = 'open') > 0 AS had_error,
      COUNTIF(state = 'open') AS events
    FROM
      numbered AS change
    GROUP BY
      source, subject, recoveries_before
  ),
  dated AS (
    SELECT
      *,
      first_change.happened_at AS started_at,
      IF(last_change.state = 'resolved', last_change.happened_at, NULL) AS recovered_at
    FROM
      alerts
    WHERE
      events > 0 -- else something was resolved that had not failed
  )
SELECT
  source,
  first_change.kind AS kind,
  subject,
  first_change.place AS place,
  first_change.type AS type,
  IF(had_error, 'error', 'warning') AS severity,
  first_change.title AS title,
  first_change.url AS url,
  started_at,
  recovered_at,
  TIMESTAMP_DIFF(recovered_at, started_at, SECOND) / 3600 AS hours_to_recover,
  recovered_at IS NULL AS is_open,
  IF(recovered_at IS NULL, NULL, last_change.actor) AS recovered_by,
  events
FROM
  dated
