import type { z } from 'zod';
import type { Variables } from './environment';
import type { SettingsProblem } from './settings-error';

/** The value of a variable, or the fallback where it is not set or empty. One that cannot be used becomes a problem. */
export type SettingsReader = <T>(variable: string, schema: z.ZodType<T>, fallback: T, allowed: string) => T;

/** Reads variables one by one and keeps what is wrong with them, so that one start names it all. */
export function createSettingsReader(variables: Variables, problems: SettingsProblem[]): SettingsReader {
  return (variable, schema, fallback, allowed) => {
    const value = variables[variable];
    if (value === undefined || value === '') return fallback;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    problems.push({ variable, value, allowed });
    return fallback;
  };
}
