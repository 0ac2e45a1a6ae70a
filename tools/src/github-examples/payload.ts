/** A JSON object, of which nothing is known before it is looked at. */
export type Payload = Readonly<Record<string, unknown>>;

/** The value at a path of names such as `repository.owner.login`; undefined where the payload ends before it does. */
export function readPath(payload: Payload, path: string): unknown {
  let value: unknown = payload;
  for (const name of path.split('.')) {
    if (!isPayload(value)) return undefined;
    value = value[name];
  }
  return value;
}

/** The text at a path; undefined for an empty one, which the payloads use for "none". */
export function readText(payload: Payload, path: string): string | undefined {
  const value = readPath(payload, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The number that identifies something at GitHub. */
export function readId(payload: Payload, path: string): number | undefined {
  const value = readPath(payload, path);
  return typeof value === 'number' ? value : undefined;
}

/** The object at a path. */
export function readObject(payload: Payload, path: string): Payload | undefined {
  const value = readPath(payload, path);
  return isPayload(value) ? value : undefined;
}

/** Every object in a value, the outer one first, in the order in which they are written. */
export function* listObjects(value: unknown): Generator<Payload> {
  if (isPayload(value)) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) yield* listObjects(inner);
}

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
