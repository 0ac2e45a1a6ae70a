import { PassThrough } from 'node:stream';
import { createLogAnnouncer, createTextAnnouncer } from './announcer';
import { listLinks } from './links';

function announce(isTTY: boolean): string {
  const stream = Object.assign(new PassThrough(), { isTTY });
  const announcer = createTextAnnouncer(stream);
  announcer.progress('1 of 2');
  announcer.progress('2 of 2');
  announcer.say('done');
  announcer.say('next');
  return String(stream.read());
}

describe('announcer', () => {
  it('replaces a line of progress on a terminal', () => {
    const clear = '\r\u001b[2K';
    expect(announce(true)).toBe(`1 of 2${clear}2 of 2${clear}done\nnext\n`);
  });

  it('leaves progress out where lines cannot be replaced', () => {
    expect(announce(false)).toBe('done\nnext\n');
  });

  it('tells a log the links as fields', () => {
    const info = jest.fn();
    const links = listLinks('http://127.0.0.1:3000', 'postgres://ada:secret@db:5432/holdfast');
    createLogAnnouncer({ debug: info, info, warn: info, error: info }).ready(links, 'hf_development_key');
    expect(info).toHaveBeenCalledWith('Ready', links);
  });
});

describe('links', () => {
  it('show people the development key, and the commands with it', () => {
    const links = listLinks('http://127.0.0.1:3000', 'postgres://ada:secret@db:5432/holdfast');
    const stream = new PassThrough();
    createTextAnnouncer(stream).ready(links, 'hf_development_key');
    const shown = String(stream.read());
    expect(shown).toContain('API key    hf_development_key');
    expect(shown.match(/curl -s -H "Authorization: Bearer hf_development_key" 'http/g)).toHaveLength(3);
    createTextAnnouncer(stream).ready(links);
    expect(String(stream.read())).not.toContain('hf_development_key');
  });

  it('show no password', () => {
    const links = listLinks('http://127.0.0.1:3000', 'postgres://ada:secret@db:5432/holdfast');
    expect(links.database).toBe('postgres://ada:***@db:5432/holdfast');
  });
});
