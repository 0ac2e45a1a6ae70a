import { renderServerSettings } from './server-settings';

describe('renderServerSettings', () => {
  it('listens on the loopback address only and on no unix socket', () => {
    const text = renderServerSettings(5000, { temporary: false });
    expect(text).toContain("listen_addresses = '127.0.0.1'\n");
    expect(text).toContain("unix_socket_directories = ''\n");
    expect(text).toContain("port = '5000'\n");
  });

  it('gives up durability for a temporary server only', () => {
    expect(renderServerSettings(5000, { temporary: true })).toContain('fsync = off\n');
    expect(renderServerSettings(5000, { temporary: false })).not.toContain('fsync');
  });

  it('lets settings override its own, and quotes them', () => {
    const settings = { max_connections: 20, search_path: `o'brien\\`, jit: false };
    const text = renderServerSettings(5000, { temporary: true, settings });
    expect(text).toContain("max_connections = '20'\n");
    expect(text).toContain("search_path = 'o''brien\\\\'\n");
    expect(text).toContain('jit = off\n');
  });

  it.each(['port', 'x = 1\ny', 'two words'])('refuses "%s" as the name of a setting', (name) => {
    expect(() => renderServerSettings(5000, { temporary: true, settings: { [name]: 1 } })).toThrow(
      expect.objectContaining({ code: 'setting_invalid' }),
    );
  });
});
