/**
 * Every error code of the public protocol, with the HTTP status it leaves by. Codes are stable; messages are not.
 */
export const errorStatus = {
  bad_request: 400,
  invalid_input: 400,
  unauthenticated: 401,
  login_failed: 401,
  forbidden: 403,
  cross_site: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  recently_finished: 409,
  wrong_state: 409,
  already_exists: 409,
  in_use: 409,
  upload_gone: 410,
  upload_truncated: 400,
  upload_too_large: 413,
  upload_quota: 403,
  unsupported_file: 415,
  rate_limited: 429,
  internal: 500,
  shutting_down: 503,
  unavailable: 503,
  storage_full: 507,
  // How a run ends. They travel in `ImportView.error` and in log lines; the status is that of an answer that must bear one.
  file_damaged: 422,
  file_unsupported: 422,
  file_limit: 422,
  record_invalid: 422,
  table_missing: 422,
  column_missing: 422,
  value_invalid: 422,
  reference_missing: 422,
  unique_violation: 422,
  not_null_violation: 422,
  target_unreachable: 502,
  target_refused: 422,
  target_locked: 409,
  destination_login_refused: 422,
  destination_unreachable: 502,
  destination_full: 507,
  destination_too_large: 422,
  destination_refused: 422,
  destination_damaged: 422,
  fenced: 409,
  cancelled: 409,
  out_of_memory: 422,
  worker_lost: 500,
  poison: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

/** The one shape in which an error leaves the server: HTTP body, socket acknowledgement, `connect_error.data`. */
export type WireError = {
  error: { code: ErrorCode; message: string; details?: Record<string, unknown>; requestId: string }
}
