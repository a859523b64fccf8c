-- For each day, how many runs ended and how many of those that succeeded or
-- failed succeeded. Cancelled runs, and those that neither succeeded nor failed,
-- are counted on their own. Days are those of UTC, by when the run ended.
SELECT
  DATE(ended_at) AS day,
  source,
  kind,
  run_type,
  place,
  name,
  COUNT(*) AS ended,
  COUNTIF(outcome = 'succeeded') AS succeeded,
  COUNTIF(outcome = 'failed') AS failed,
  COUNTIF(outcome = 'cancelled') AS cancelled,
  COUNTIF(outcome = 'other') AS other,
  SAFE_DIVIDE(COUNTIF(outcome = 'succeeded'), COUNTIF(outcome IN ('succeeded', 'failed'))) AS success_rate
FROM
  `${runs}`
GROUP BY
  day, source, kind, run_type, place, name
