import { MalformedAnswerError, readAnswer } from './answer';

const read = (text: string, isHead = false) => readAnswer(Buffer.from(text, 'latin1'), isHead);
const WHOLE = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 2\r\n\r\nhi';

describe('an answer', () => {
  it('is read to its end, and what is behind it is left', () => {
    const found = read(`${WHOLE}HTTP/1.1 400`);
    expect(found?.answer.status).toBe(200);
    expect(found?.answer.headers.get('content-type')).toBe('text/plain');
    expect(String(found?.answer.body)).toBe('hi');
    expect(found?.taken).toBe(WHOLE.length);
  });

  it('is none yet while something of it is to come', () => {
    for (let length = 0; length < WHOLE.length; length += 1)
      expect(read(WHOLE.slice(0, length))).toBeUndefined();
  });

  it('may come in chunks', () => {
    const text = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n3\r\n you\r\n0\r\n\r\n';
    expect(() => read(text)).not.toThrow();
    const whole = text.replace('3\r\n', '4\r\n');
    expect(String(read(whole)?.answer.body)).toBe('hi you');
    expect(read(whole.slice(0, -1))).toBeUndefined();
  });

  it('may be announced by another one', () => {
    const found = read(`HTTP/1.1 100 Continue\r\n\r\n${WHOLE}`);
    expect(found).toMatchObject({ answer: { status: 200 }, taken: WHOLE.length + 25 });
  });

  it.each([
    ['HTTP/1.1 204 No Content\r\n\r\n', false],
    ['HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n', false],
    ['HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', true],
    ['HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n', false],
  ])('has no body as %j', (text, isHead) => {
    expect(read(text, isHead)).toMatchObject({ taken: text.length });
  });

  it.each([
    'HTTQ/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    'HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  ])('is none at all as %j', (text) => {
    expect(() => read(text)).toThrow(MalformedAnswerError);
  });
});
