/**
 * Where nobody may be sent: hosts, whole URLs, and answers of resolvers. Each is refused before a socket is opened
 * (reliability.md 5.6, T11).
 */

/** Spelled as URL hosts, each naming something that is not public. */
export const hostileHosts = [
  ...['127.0.0.1', '127.0.0.1:9001', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.1'],
  ...['0177.0.0.1', '017700000001', '0x7f.0x0.0x0.0x1', '127.0.0.1.', '127。0。0。1', '１２７.０.０.１', '①②⑦.⓪.⓪.①'],
  ...['%31%32%37.0.0.1', '0', '0.0.0.0', '0.1.2.3', '00.0.0.0', '10.0.0.1', '10.255.255.255', '0xa.1', '012.0.0.1'],
  ...[
    '100.64.0.1',
    '100.127.255.255',
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '2852039166',
    '0xa9fea9fe',
  ],
  ...['0xA9.0xFE.0xA9.0xFE', '0251.0376.0251.0376', '169.254.43518', '169.16689662', '172.16.0.1', '172.31.255.255'],
  ...[
    '192.0.0.1',
    '192.0.0.170',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '192.168.65535',
    '198.18.0.1',
    '198.19.0.1',
  ],
  ...['198.51.100.7', '203.0.113.7', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '4294967295'],
  ...['[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::127.0.0.1]', '[::7f00:1]', '[::ffff:127.0.0.1]'],
  ...[
    '[::ffff:7f00:1]',
    '[0:0:0:0:0:ffff:7f00:1]',
    '[::ffff:a9fe:a9fe]',
    '[::FFFF:169.254.169.254]',
    '[::ffff:10.0.0.1]',
  ],
  ...['[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b::8.8.8.8]', '[64:ff9b:1::1]', '[100::1]', '[2001::1]'],
  ...[
    '[2001:0:7f00:1::]',
    '[2001:10::1]',
    '[2001:1ff:ffff::1]',
    '[2001:db8::1]',
    '[2002:7f00:1::]',
    '[2002:a9fe:a9fe::1]',
  ],
  ...['[3fff::1]', '[3fff:fff::1]', '[4000::1]', '[5f00::1]', '[fc00::1]', '[fd00:ec2::254]', '[fd00:ec2::23]'],
  ...['[fdff:ffff::1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[ff02::1]', '[ff05::1:3]', '[ffff::1]'],
  ...['localhost', 'LOCALHOST', 'localhost.', 'x.localhost', 'ｌocalhost'],
  // The Lambda runtime API, credential and metadata endpoints of clouds, and their neighbours.
  ...['127.0.0.1:8080', '169.254.78.1', '169.254.79.129', '169.254.100.1', '100.100.100.200', '192.0.0.192'],
  ...['[fd00:ec2::253]', '[fd20:ce::254]', '[fe80::a9fe:a9fe]', '[fec0:0:0:ffff::1]', '[::ffff:169.254.170.2]'],
  // Unusual spellings: mixed bases, overflow into one part, leading zeros, letters in other cases, ideographic dots.
  ...['0X7F.0.0.1', '127.0x0.0.01', '0x7f.65536', '127.0x1', '0300.0250.1', '3232235777', '0xc0a80101', '030052000401'],
  ...[
    '10.0x10000',
    '0x0a000001',
    '0b.1',
    '172.1048577',
    '１０．０．０．１',
    '169。254。169。254',
    '127｡0｡0｡1',
    '⑯⑨.254.169.254',
  ],
  ...['%30x7f.1', '169.254.169.254.', '10.0.0.1.', '[::1].', '[0:0:0:0:0:ffff:a9fe:a9fe]', '[::ffff:0a00:0001]'],
  // Where IPv4 hides in IPv6: compatible, translated, NAT64 with all prefixes of its own, 6to4, Teredo.
  ...['[::10.0.0.1]', '[::a9fe:a9fe]', '[::ffff:0:a00:1]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1:ffff::a00:1]'],
  ...['[2002:c0a8:101::1]', '[2002:a00:1::]', '[2001:0:a00:1::]', '[2001:0:53aa:64c:0:fffd:5601:5601]'],
  // Ranges nobody routes: benchmarking, documentation, ORCHID, discard, multicast of every scope, the last addresses.
  ...['[2001:2::1]', '[2001:20::1]', '[2001:2f:ffff::1]', '[2001:db8:ffff::1]', '[3fff:0fff::1]', '[100:0:0:1::1]'],
  ...['[ff01::1]', '[ff02::fb]', '[ff0e::1]', '[ff3e::1]', '[0:1::]', '[1fff:ffff::1]', '[8000::1]', '[e000::1]'],
  ...['233.252.0.1', '225.1.2.3', '232.0.0.1', '241.0.0.1', '254.255.255.254', '198.18.255.255', '192.88.99.2'],
  ...['a.localhost', 'deep.er.localhost.', 'LocalHost', 'ⓛocalhost', 'localhost%2e'],
];
export const hostileUrls = [
  ...['', 'x', '//example.com/', 'example.com', '/etc/passwd', 'https://', 'https://[::1', 'https://[::1%25lo]/'],
  ...[
    'https://256.1.1.1/',
    'https://1.2.3.4.5/',
    'https://127.0.0.1:99999/',
    'https://exa mple.com/',
    'https://a%00b/',
  ],
  ...['file:///etc/passwd', 'ftp://example.com/', 'gopher://example.com/', 'ws://example.com/', 'wss://example.com/'],
  ...['data:text/plain,x', 'javascript:alert(1)', 'blob:https://example.com/1', 'unix:/var/run/docker.sock'],
  ...['https://user@example.com/', 'https://user:canary@example.com/', 'https://:canary@example.com/'],
  ...['https://example.com@127.0.0.1/', 'https://127.0.0.1\\@example.com/', 'https:\\\\127.0.0.1/', 'https:127.0.0.1'],
  ...[
    'https://127.0.0.1#@example.com/',
    'https://127.0.0.1?@example.com/',
    'ht\ntps://127.0.0.1/',
    ' https://127.0.0.1 ',
  ],
  ...['https://12\t7.0.0.1/', `https://${'a.'.repeat(127)}com/`, 'HTTPS://[::1]:8443/'],
  // User info, confused parsers, control characters, schemes in disguise, ports that are none.
  ...['https://example.com:443@10.0.0.1/', 'https://10.0.0.1%2f@example.com/', 'https://a:b@c:d@127.0.0.1/'],
  ...['https://127.0.0.1:443#.example.com/', 'https://127.0.0.1%23.example.com/', 'https://exam\u0000ple.com/'],
  ...['\thttps://127.0.0.1/', 'https:///127.0.0.1/', 'https:/\\/127.0.0.1/', 'hTtPs:127.0.0.1', '\\\\127.0.0.1\\share'],
  ...['https://example.com:-1/', 'https://example.com:65536/', 'https://example.com:0x50/', 'https://[::1]:99999/'],
  ...['https://[127.0.0.1]/', 'https://[::ffff:127.0.0.1%25eth0]/', 'https://[fe80::1%25en0]/', 'https://[::1%lo]/'],
  ...['dict://127.0.0.1:11211/', 'ldap://127.0.0.1/', 'tftp://127.0.0.1/', 'jar:https://example.com!/', 'about:blank'],
  ...[
    'mailto:a@example.com',
    'view-source:https://example.com/',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
    'ssh://h/',
  ],
  ...[
    'https://.',
    'https://..',
    'https://%',
    'https://a b/',
    'https://exa<mple/',
    'https://xn--/',
    'https://999999999999/',
  ],
  `https://${'a'.repeat(300)}.example/`,
  `https://${'x.'.repeat(200)}example/`,
];

/** What a resolver answers for a name that must not be connected to. */
export const hostileAnswers: Readonly<Record<string, readonly string[]>> = {
  'private.example': ['10.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'mixed-first.example': ['10.0.0.1', '93.184.216.34'],
  'mixed-last.example': ['93.184.216.34', '10.0.0.1'],
  'mixed-families.example': ['93.184.216.34', '2606:2800:220:1::1', 'fd00::1'],
  'mixed-mapped.example': ['93.184.216.34', '::ffff:169.254.169.254'],
  'cname-to-private.example': ['192.168.1.1'],
  'cname-to-localhost.example': ['127.0.0.1', '::1'],
  'aaaa-only.example': ['fd00:ec2::254'],
  'link-local.example': ['fe80::1%eth0'],
  'nat64.example': ['64:ff9b::a00:1'],
  'six-to-four.example': ['2002:a00:1::1'],
  'unspecified.example': ['0.0.0.0'],
  'broadcast.example': ['255.255.255.255'],
  'xn--prvate-8va.example': ['172.16.0.1'],
  'runtime-api.example': ['127.0.0.1'],
  'not-an-address.example': ['localhost'],
  'octal.example': ['0177.0.0.1'],
};
