import { type FuzzRequest, pathOf } from './request-draft';

const MOST_BYTES = 16_384;

/**
 * A command for a shell that sends the request again: curl where it can write these very bytes, and otherwise the bytes
 * themselves, as base64, into a connection.
 */
export function renderRepeat(request: FuzzRequest, port: number): string {
  return asCurl(request, port) ?? asBytes(request, port);
}

function asCurl({ bytes, isWhole, method, target }: FuzzRequest, port: number): string | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const isPlain = bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
  if (!isWhole || headEnd === -1 || !isPlain || bytes.length > MOST_BYTES) return undefined;
  const [, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const body = bytes.subarray(headEnd + 4).toString('latin1');
  const headers = lines
    .filter((line) => !/^content-length:/i.test(line))
    // A header without a value is written with a semicolon, or curl leaves it out.
    .map((line) => `-H ${quote(/:\s*$/.test(line) ? line.replace(/:\s*$/, ';') : line)}`);
  // curl would resolve dots in the path, and expand brackets and braces.
  const parts = ['curl -sS -i --path-as-is -g', `-X ${method}`, ...headers];
  if (body !== '') parts.push(`--data-binary ${quote(body)}`);
  if (method === 'HEAD') parts.push('--head');
  return `${parts.join(' ')} ${quote(`http://127.0.0.1:${port}${target}`)}`;
}

function asBytes({ bytes, number, target }: FuzzRequest, port: number): string {
  if (bytes.length > MOST_BYTES) {
    return `(request ${number} to ${pathOf(target).slice(0, 200)} has ${bytes.length} bytes: draw it again by seed and number)`;
  }
  return `echo ${bytes.toString('base64')} | base64 -d | nc -w 2 127.0.0.1 ${port}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
