/** A 3 × 3 matrix, row-major. */
export type Matrix3 = Float64Array;

export const identity3 = (): Matrix3 => Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1);

/** The product of two matrices. */
export function multiply3(left: Matrix3, right: Matrix3): Matrix3 {
  const out = new Float64Array(9);
  for (let row = 0; row < 9; row += 3) {
    for (let column = 0; column < 3; column++) {
      out[row + column] =
        left[row]! * right[column]! + left[row + 1]! * right[column + 3]! + left[row + 2]! * right[column + 6]!;
    }
  }
  return out;
}

/** Applies `change` to each eigenvalue of a symmetric matrix, by Jacobi rotations. */
export function mapEigenvalues(matrix: Matrix3, change: (value: number) => number): Matrix3 {
  const m = Float64Array.from(matrix);
  const vectors = identity3();
  for (let sweep = 0; sweep < 12; sweep++) {
    rotate(m, vectors, 0, 1, 2);
    rotate(m, vectors, 0, 2, 1);
    rotate(m, vectors, 1, 2, 0);
  }
  const out = new Float64Array(9);
  for (let k = 0; k < 3; k++) {
    const value = change(m[4 * k]!);
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const at = 3 * row + column;
        out[at] = out[at]! + value * vectors[3 * row + k]! * vectors[3 * column + k]!;
      }
    }
  }
  return out;
}

/** One Jacobi rotation in the plane of axes p and q (r is the third axis) that zeroes element (p, q). */
function rotate(m: Matrix3, vectors: Matrix3, p: number, q: number, r: number): void {
  const between = m[3 * p + q]!;
  const first = m[4 * p]!;
  const second = m[4 * q]!;
  if (between * between <= 1e-30 * (first * first + second * second)) return;
  const theta = (second - first) / (2 * between);
  const tangent = (theta < 0 ? -1 : 1) / ((theta < 0 ? -theta : theta) + Math.sqrt(theta * theta + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  m[4 * p] = first - tangent * between;
  m[4 * q] = second + tangent * between;
  m[3 * p + q] = m[3 * q + p] = 0;
  const rp = m[3 * r + p]!;
  const rq = m[3 * r + q]!;
  m[3 * r + p] = m[3 * p + r] = cosine * rp - sine * rq;
  m[3 * r + q] = m[3 * q + r] = sine * rp + cosine * rq;
  for (let row = 0; row < 9; row += 3) {
    const vp = vectors[row + p]!;
    const vq = vectors[row + q]!;
    vectors[row + p] = cosine * vp - sine * vq;
    vectors[row + q] = sine * vp + cosine * vq;
  }
}

/**
 * Solves matrix · x = right by Gaussian elimination for a positive definite row-major matrix. Overwrites both;
 * returns x in `right`.
 */
export function solveLinear(matrix: Float64Array, right: Float64Array): Float64Array {
  const count = right.length;
  for (let pivot = 0; pivot < count; pivot++) {
    for (let row = pivot + 1; row < count; row++) {
      const factor = matrix[row * count + pivot]! / matrix[pivot * count + pivot]!;
      for (let k = pivot; k < count; k++) {
        matrix[row * count + k] = matrix[row * count + k]! - factor * matrix[pivot * count + k]!;
      }
      right[row] = right[row]! - factor * right[pivot]!;
    }
  }
  for (let row = count - 1; row >= 0; row--) {
    let value = right[row]!;
    for (let k = row + 1; k < count; k++) value -= matrix[row * count + k]! * right[k]!;
    right[row] = value / matrix[row * count + row]!;
  }
  return right;
}
