-- Every event once. The sender, the queue or the insert may have brought it
-- twice; the first that was received is kept. A delivery's id is unique within
-- its source only. What follows received_at settles ties the same way each time;
-- payload is left out of that, since BigQuery charges for each column it reads.
SELECT
  *
FROM
  `${table}`
WHERE
  ${since}
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY source, delivery_id
    ORDER BY received_at, occurred_at, type, subject, state, severity, title, url, place, actor, payload_bytes, payload_cut
  ) = 1
