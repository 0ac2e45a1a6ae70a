/** Says who is calling and for whom. Only the identifying fields are logged, and only when they are short primitives. */
export interface CallContext {
  /** Name of the operation, as it should read in a log. */
  readonly operation?: string | undefined;
  readonly component?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly userId?: string | undefined;
  /** Running the operation twice has the effect of running it once. Default false. */
  readonly idempotent?: boolean | undefined;
}
