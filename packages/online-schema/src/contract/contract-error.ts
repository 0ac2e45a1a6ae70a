export type ContractErrorCode =
  | 'HOLDFAST_CONTRACT_DECLARATION'
  | 'HOLDFAST_CONTRACT_NOT_RUN'
  | 'HOLDFAST_CONTRACT_NOT_EXPLAINED';

/** A contract that cannot be meant, or could not be tried: whether it holds is not known. */
export class ContractError extends Error {
  override readonly name = 'ContractError';

  constructor(
    readonly code: ContractErrorCode,
    /** The name of the contract. */
    readonly contract: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`contract '${contract}': ${message}`, options);
  }
}
