import dynalite from 'dynalite';

// What an embedded system cannot start without: Node and the table, on disk. The path is the argument.
const server = dynalite({ path: process.argv[2], createTableMs: 0 });
server.listen(0, '127.0.0.1', () => process.stdout.write('ready\n'));
