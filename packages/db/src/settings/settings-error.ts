/** What is wrong with one variable. `value` is absent where showing it could show a password. */
export interface SettingsProblem {
  readonly variable: string;
  readonly value?: string | undefined;
  readonly allowed: string;
}

/** Settings that cannot be used. One line names every variable at fault, its value and what is allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly code = 'HOLDFAST_SETTINGS';

  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(renderProblem).join('; '));
  }
}

function renderProblem({ variable, value, allowed }: SettingsProblem): string {
  return `${variable}${value === undefined ? '' : ` is "${value}"`}: ${allowed}`;
}
