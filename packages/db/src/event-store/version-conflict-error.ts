export interface VersionConflict {
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly expectedVersion: number;
}

/** The stream is not at the version the caller saw: read it again, decide again, append again. Nothing was written. */
export class VersionConflictError extends Error {
  override readonly name = 'VersionConflictError';
  readonly code = 'HOLDFAST_VERSION_CONFLICT';
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly expectedVersion: number;

  constructor(conflict: VersionConflict) {
    super(`${conflict.aggregateType} ${conflict.aggregateId} is not at version ${conflict.expectedVersion}`);
    this.aggregateType = conflict.aggregateType;
    this.aggregateId = conflict.aggregateId;
    this.expectedVersion = conflict.expectedVersion;
  }
}
