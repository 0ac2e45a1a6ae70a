/** The doctor is asked about something it does not know; the message says what it knows. */
export class DoctorError extends Error {
  override readonly name = 'DoctorError';

  constructor(
    readonly code: 'HOLDFAST_UNKNOWN_CHECK',
    message: string,
  ) {
    super(message);
  }
}
