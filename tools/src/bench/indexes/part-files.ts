import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawBenchmarks } from './draw-benchmarks';
import { renderBenchmarks, replaceBetweenMarkers } from './render-benchmarks';
import type { IndexReport, LedgerPart, ScalePart, SetsPart } from './report';

/** A part of the report, by the name of its file. */
export type NamedPart =
  | { readonly name: `indexes-${number}`; readonly part: ScalePart }
  | { readonly name: 'indexes-sets'; readonly part: SetsPart }
  | { readonly name: 'indexes-ledger'; readonly part: LedgerPart };

/** The report of these parts; of two with one name the later one. */
export function assembleReport(parts: readonly NamedPart[]): IndexReport {
  const byName = new Map<string, NamedPart['part']>(parts.map(({ name, part }) => [name, part]));
  const scales = [...byName].flatMap(([name, part]) => (/-\d+$/.test(name) ? [part as ScalePart] : []));
  return {
    scales: scales.toSorted((one, other) => one.events - other.events),
    sets: byName.get('indexes-sets') as SetsPart | undefined,
    ledger: byName.get('indexes-ledger') as LedgerPart | undefined,
  };
}

/** The parts that the folder of a documentation holds, whichever run made them. */
export async function readParts(docs: string): Promise<readonly NamedPart[]> {
  const folder = join(docs, 'benchmarks');
  const names = (await readdir(folder)).filter((name) => /^indexes-(?:\d+|sets|ledger)\.json$/.test(name));
  return Promise.all(
    names.map(async (name) => ({
      name: name.replace(/\.json$/, '') as 'indexes-sets',
      part: JSON.parse(await readFile(join(folder, name), 'utf8')) as SetsPart,
    })),
  );
}

/** The part is in its file, and page and plots are those of all parts that the folder holds. */
export async function writePart(docs: string, { name, part }: NamedPart): Promise<IndexReport> {
  const page = join(docs, 'benchmarks.md');
  const folder = join(docs, 'benchmarks');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(part, undefined, 1)}\n`);
  const report = assembleReport(await readParts(docs));
  const text = replaceBetweenMarkers(await readFile(page, 'utf8'), renderBenchmarks(report));
  for (const [plot, drawn] of drawBenchmarks(report)) await writeFile(join(folder, plot), drawn);
  await writeFile(page, text);
  return report;
}
