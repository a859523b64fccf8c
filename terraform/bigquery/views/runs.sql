-- What ran and ended, one row for each run: GitHub workflow runs and
-- deployments, and Scalr runs. Checks are left out, since each job of a workflow
-- is one of those too.
--
-- A run that was started anew counts once, with the outcome and the time of its
-- last attempt. A run is known by its id in the payload, else by its address,
-- else (a deployment without payload) each of its events is one.
WITH
  ended AS (
    SELECT
      source,
      kind,
      CASE type
        WHEN 'workflow_run.completed' THEN 'workflow'
        WHEN 'deployment_status.created' THEN 'deployment'
        ELSE 'terraform'
      END AS run_type,
      COALESCE(
        JSON_VALUE(payload, '$.workflow_run.id'),
        JSON_VALUE(payload, '$.deployment.id'),
        JSON_VALUE(payload, '$.run.id'),
        IF(type = 'deployment_status.created', NULL, REGEXP_EXTRACT(url, r'/runs/([^/?#]+)')),
        CONCAT('delivery ', delivery_id)
      ) AS run_id,
      COALESCE(SAFE_CAST(JSON_VALUE(payload, '$.workflow_run.run_attempt') AS INT64), 1) AS attempt,
      place,
      CASE type
        WHEN 'workflow_run.completed' THEN COALESCE(
          NULLIF(JSON_VALUE(payload, '$.workflow_run.name'), ''),
          REGEXP_EXTRACT(subject, r'@workflow/([^/]+)/')
        )
        WHEN 'deployment_status.created' THEN COALESCE(
          NULLIF(JSON_VALUE(payload, '$.deployment_status.environment'), ''),
          NULLIF(JSON_VALUE(payload, '$.deployment.environment'), ''),
          REGEXP_EXTRACT(subject, r'@deployment/(.*)$')
        )
        -- Workspaces of two environments may have the same name.
        ELSE COALESCE(CONCAT(JSON_VALUE(payload, '$.environment.name'), '/', place), place, subject)
      END AS name,
      CASE type
        WHEN 'workflow_run.completed' THEN COALESCE(
          JSON_VALUE(payload, '$.workflow_run.head_branch'),
          REGEXP_EXTRACT(subject, r'@workflow/[^/]+/(.*)$')
        )
        WHEN 'deployment_status.created' THEN JSON_VALUE(payload, '$.deployment.ref')
      END AS branch,
      -- In the sender's words; without a payload, by what sigpost made of them.
      CASE type
        WHEN 'workflow_run.completed' THEN COALESCE(
          JSON_VALUE(payload, '$.workflow_run.conclusion'),
          CASE severity WHEN 'success' THEN 'success' WHEN 'error' THEN 'failure' ELSE 'unknown' END
        )
        WHEN 'deployment_status.created' THEN COALESCE(
          JSON_VALUE(payload, '$.deployment_status.state'),
          CASE severity WHEN 'success' THEN 'success' WHEN 'error' THEN 'failure' END
        )
        WHEN 'run:completed' THEN COALESCE(JSON_VALUE(payload, '$.run.status'), 'completed')
        ELSE 'errored'
      END AS conclusion,
      SAFE_CAST(
        COALESCE(
          JSON_VALUE(payload, '$.workflow_run.run_started_at'),
          JSON_VALUE(payload, '$.deployment.created_at'),
          JSON_VALUE(payload, '$.run."created-at"'),
          JSON_VALUE(payload, '$.run.created_at')
        ) AS TIMESTAMP
      ) AS started_at,
      COALESCE(occurred_at, received_at) AS ended_at,
      url,
      actor,
      type,
      received_at,
      delivery_id
    FROM
      `${table}`
    WHERE
      ${since}
      AND (
        (kind = 'github' AND type IN ('workflow_run.completed', 'deployment_status.created'))
        OR (kind = 'scalr' AND type IN ('run:completed', 'run:errored'))
      )
    QUALIFY
      ROW_NUMBER() OVER (PARTITION BY source, delivery_id ORDER BY received_at, occurred_at, type, subject, state, severity, title) = 1
  )
SELECT
  source,
  kind,
  run_type,
  run_id,
  attempt,
  place,
  name,
  branch,
  CASE
    WHEN conclusion IN ('cancelled', 'canceled', 'discarded') THEN 'cancelled'
    WHEN conclusion = 'success' OR type = 'run:completed' THEN 'succeeded'
    WHEN conclusion IN ('failure', 'error', 'startup_failure', 'timed_out', 'errored') THEN 'failed'
    ELSE 'other' -- skipped, stale, neutral, action_required
  END AS outcome,
  conclusion,
  started_at,
  ended_at,
  TIMESTAMP_DIFF(ended_at, started_at, SECOND) AS seconds,
  url,
  actor
FROM
  ended
WHERE
  -- A deployment has more states than these; the others are no end.
  run_type != 'deployment'
  OR conclusion IN ('success', 'failure', 'error')
QUALIFY
  ROW_NUMBER() OVER (
    PARTITION BY source, run_type, run_id
    ORDER BY ended_at DESC, attempt DESC, received_at DESC, delivery_id DESC
  ) = 1
