-- GitHub issues, one row each, and how long they took to be closed.
--
-- The last of closed and reopened decides, by when it happened and not by when
-- it was received. closed_at counts only where that last one is closed: a
-- reopened issue has none, whatever its payload says. An issue that was deleted
-- or transferred can't come back under its number, so it was not closed there.
WITH
  -- What decides, each delivery once.
  changes AS (
    SELECT
      source,
      subject,
      type,
      delivery_id,
      received_at,
      COALESCE(occurred_at, received_at) AS happened_at,
      CASE
        WHEN type = 'issues.opened' THEN 0 -- is always the first
        WHEN type IN ('issues.closed', 'issues.reopened') THEN 1
        ELSE 2 -- deleted and transferred are always the last
      END AS stage,
      COALESCE(JSON_VALUE(payload, '$.issue.title'), title) AS title,
      url,
      actor,
      JSON_VALUE(payload, '$.issue.user.login') AS author,
      JSON_VALUE(payload, '$.issue.state_reason') AS reason,
      SAFE_CAST(JSON_VALUE(payload, '$.issue.created_at') AS TIMESTAMP) AS created_at,
      SAFE_CAST(JSON_VALUE(payload, '$.issue.closed_at') AS TIMESTAMP) AS closed_at,
      ARRAY(
        SELECT JSON_VALUE(label, '$.name')
        FROM UNNEST(JSON_QUERY_ARRAY(payload, '$.issue.labels')) AS label WITH OFFSET AS position
        WHERE JSON_VALUE(label, '$.name') IS NOT NULL
        ORDER BY position
      ) AS labels
    FROM
      `${table}`
    WHERE
      ${since}
      AND kind = 'github'
      AND type IN ('issues.opened', 'issues.closed', 'issues.reopened', 'issues.deleted', 'issues.transferred')
      AND REGEXP_CONTAINS(subject, r'#[0-9]+$')
      -- GitHub also calls a pull request an issue, and says so by this field.
      AND COALESCE(JSON_TYPE(JSON_QUERY(payload, '$.issue.pull_request')), 'null') = 'null'
    QUALIFY
      ROW_NUMBER() OVER (PARTITION BY source, delivery_id ORDER BY received_at, occurred_at, type, subject, state, severity) = 1
  ),
  issues AS (
    SELECT
      source,
      subject,
      ARRAY_AGG(change ORDER BY stage DESC, happened_at DESC, received_at DESC, delivery_id DESC LIMIT 1)[OFFSET(0)] AS last_change,
      -- Without a payload, the opening says it, if it is still in the table.
      COALESCE(MIN(created_at), MIN(IF(type = 'issues.opened', happened_at, NULL))) AS created_at,
      MAX(author) AS author,
      COUNTIF(type = 'issues.closed') AS times_closed,
      COUNTIF(type = 'issues.reopened') AS times_reopened
    FROM
      changes AS change
    GROUP BY
      source, subject
  ),
  dated AS (
    SELECT
      *,
      IF(last_change.type = 'issues.closed', COALESCE(last_change.closed_at, last_change.happened_at), NULL) AS closed_at
    FROM
      issues
  )
SELECT
  source,
  REGEXP_EXTRACT(subject, r'^(.*)#[0-9]+$') AS repository,
  SAFE_CAST(REGEXP_EXTRACT(subject, r'#([0-9]+)$') AS INT64) AS number,
  last_change.title AS title,
  last_change.url AS url,
  CASE last_change.type
    WHEN 'issues.closed' THEN 'closed'
    WHEN 'issues.deleted' THEN 'deleted'
    WHEN 'issues.transferred' THEN 'transferred'
    ELSE 'open'
  END AS state,
  created_at,
  closed_at,
  TIMESTAMP_DIFF(closed_at, created_at, SECOND) / 3600 AS hours_to_close,
  IF(closed_at IS NULL, NULL, last_change.reason) AS reason,
  author,
  IF(closed_at IS NULL, NULL, last_change.actor) AS closed_by,
  last_change.labels AS labels,
  times_closed,
  times_reopened
FROM
  dated
