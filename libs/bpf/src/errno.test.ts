import { describe, expect, test } from '@jest/globals';
import { errnoName } from './errno.ts';

describe('errnoName', () => {
  test.each([
    [-1, 'EPERM'],
    [22, 'EINVAL'],
    [-95, 'EOPNOTSUPP'],
    [-524, 'ENOTSUPP'],
    [-4001, 'LIBBPF_ERRNO__FORMAT'],
    [-4013, 'LIBBPF_ERRNO__NLPARSE'],
    [-999, 'errno 999'],
  ])('names %i %s', (result, name) => {
    expect(errnoName(result)).toBe(name);
  });
});
