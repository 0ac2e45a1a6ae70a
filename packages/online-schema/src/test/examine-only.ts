import type { DataSource } from 'typeorm';
import type { CheckId } from '../doctor/check-id';
import type { DoctorReport } from '../doctor/doctor-report';
import { type ExamineOptions, examine } from '../doctor/examine';

/** Runs the statements one by one, as a person at psql would, and then a single check on what has become of them. */
export async function examineOnly(
  dataSource: DataSource,
  check: CheckId,
  statements: readonly string[] = [],
  options: Omit<ExamineOptions, 'only'> = {},
): Promise<DoctorReport> {
  for (const statement of statements) await dataSource.query(statement);
  return examine(dataSource, { ...options, only: [check] });
}

/** The objects of all findings, in the order of the report. */
export function objectsOf({ findings }: Pick<DoctorReport, 'findings'>): string[] {
  return findings.map(({ object }) => object);
}
