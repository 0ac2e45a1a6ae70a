/** A request before it is bytes. Texts are written byte for byte, as Latin-1. */
export interface RequestDraft {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer;
}

/** What makes a number of requests one connection's worth of bytes. */
export interface FuzzRequest {
  /** Seed and number determine it. */
  readonly number: number;
  /** What is wrong with it; `valid` if nothing is, as far as the document says. */
  readonly label: string;
  readonly method: string;
  readonly target: string;
  readonly bytes: Buffer;
  /** Exactly one answer is due, and the connection can be used again. */
  readonly isWhole: boolean;
}

/** The head of a request, with its empty line. */
export function renderHead({ method, target, headers }: RequestDraft): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: fuzz.example',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The bytes of a request whose length is said rightly. */
export function renderRequest(draft: RequestDraft): Buffer {
  const { headers, body } = draft;
  const framed =
    body === undefined ? headers : [...headers, ['Content-Length', String(body.length)] as const];
  return Buffer.concat([
    Buffer.from(renderHead({ ...draft, headers: framed }), 'latin1'),
    body ?? Buffer.alloc(0),
  ]);
}

export function withHeader(draft: RequestDraft, name: string, value: string): RequestDraft {
  const others = draft.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
  return { ...draft, headers: [...others, [name, value]] };
}

/** The path of a target, without its query. */
export function pathOf(target: string): string {
  return target.replace(/[?#].*$/s, '');
}
