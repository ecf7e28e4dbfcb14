export default { test: { include: ['tests/*.test.js'] } };
