/**
 * The project's tsconfig reads no JavaScript, so there these modules are untyped. The tests are checked against the
 * real ones by stack/tsconfig.json, where a module that exists goes before these lines.
 */
declare module '*/stack/bench-selection';
declare module '*/stack/bootstrap';
declare module '*/stack/lock';
declare module '*/stack/processes/ending';
declare module '*/stack/processes/identity';
declare module '*/stack/provision/cache';
declare module '*/stack/provision/command';
declare module '*/stack/provision/postgres';
declare module '*/stack/provision/redis';
declare module '*/stack/provision/temporal';
declare module '*/stack/provision/toolchain';
declare module '*/stack/provision/version';
declare module '*/stack/provision/ways';
declare module '*/stack/second-try';
declare module '*/stack/servers/ports';
declare module '*/stack/servers/probe';
declare module '*/stack/servers/record';
declare module '*/stack/test-selection';
