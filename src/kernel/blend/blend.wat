;; Blends full-size pixels, four at a time: Σ weight × pixel + correction for the rows of one vertical segment (between two rows of
;; low-res nodes). Weights and corrections are interpolated linearly between columns of nodes. Fixed point with 20 fraction bits;
;; results are rounded down after adding the offset of dither.ts.
;;
;; Parameters that are addresses in memory:
;;   ends, offsets  horizontal segments, see Segments in bilinearUpsampler.ts: i32 and f64 for each segment; part is nodesPerPixel
;;   line, slope    i32 values for each node in groups of four: corrections of red, green and blue and a 0, then the weights of the
;;                  layers, padded with 0 to a full group. slope is what each row adds to line. line is overwritten
;;   pixels         RGBA rows of the first layer; those of the other layers follow at intervals of plane bytes
;;   out            receives the opaque rows; up to 12 bytes past the end are overwritten
;;   now            128 bytes of working memory: values at the current segment's first pixel, and from 64 what each pixel adds
;; Others: the width of the image, the number of rows, and the index of the first row (top).
(module
  (memory (export "memory") 1)

  ;; The two lower lanes × factor, truncated to integers.
  (func $scaled (param $values v128) (param $factor v128) (result v128)
    (i32x4.trunc_sat_f64x2_s_zero (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $values)) (local.get $factor))))

  (func $moved (param $values v128) (param $rises v128) (param $factor v128) (result v128)
    (i32x4.trunc_sat_f64x2_s_zero
      (f64x2.add
        (f64x2.convert_low_i32x4_s (local.get $values))
        (f64x2.mul (f64x2.convert_low_i32x4_s (local.get $rises)) (local.get $factor)))))

  (func $upper (param $values v128) (result v128)
    (i64x2.splat (i64x2.extract_lane 1 (local.get $values))))

  (func $joined (param $lower v128) (param $upper v128) (result v128)
    (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $lower) (local.get $upper)))

  ;; Starts a segment: computes what each pixel adds, and the values at the first pixel, for all groups of a node.
  (func $prepare (param $line i32) (param $groups i32) (param $part v128) (param $offset v128) (param $now i32)
    (local $next i32) (local $value v128) (local $difference v128) (local $rise v128)
    (local.set $next (i32.add (local.get $line) (i32.shl (local.get $groups) (i32.const 4))))
    (loop $group
      (local.set $value (v128.load (local.get $line)))
      (local.set $difference (i32x4.sub (v128.load (local.get $next)) (local.get $value)))
      (local.set $rise
        (call $joined
          (call $scaled (local.get $difference) (local.get $part))
          (call $scaled (call $upper (local.get $difference)) (local.get $part))))
      (v128.store (local.get $now)
        (call $joined
          (call $moved (local.get $value) (local.get $rise) (local.get $offset))
          (call $moved (call $upper (local.get $value)) (call $upper (local.get $rise)) (local.get $offset))))
      (v128.store offset=64 (local.get $now) (local.get $rise))
      (local.set $line (i32.add (local.get $line) (i32.const 16)))
      (local.set $next (i32.add (local.get $next) (i32.const 16)))
      (local.set $now (i32.add (local.get $now) (i32.const 16)))
      (br_if $group (local.tee $groups (i32.sub (local.get $groups) (i32.const 1))))))

  ;; A value at the four pixels that are `steps` pixels after the segment's first.
  (func $at (param $value i32) (param $steps v128) (result v128)
    (i32x4.add
      (v128.load32_splat (local.get $value))
      (i32x4.mul (v128.load32_splat offset=64 (local.get $value)) (local.get $steps))))

  (func $byte (param $value v128) (result v128)
    (i32x4.max_s
      (i32x4.min_s (i32x4.shr_s (local.get $value) (i32.const 20)) (v128.const i32x4 255 255 255 255))
      (v128.const i32x4 0 0 0 0)))

  ;; Dither offsets of four pixels in a row; place is the phase of the first in the R2 sequence.
  (func $dither (param $place i32) (result v128)
    (local $places v128)
    (local.set $places
      (v128.and
        (i32x4.add (i32x4.splat (local.get $place)) (v128.const i32x4 0 791547 1583094 2374641))
        (v128.const i32x4 0xfffff 0xfffff 0xfffff 0xfffff)))
    (i32x4.add
      (i32x4.sub (local.get $places) (i32x4.shr_s (local.get $places) (i32.const 7)))
      (v128.const i32x4 4096 4096 4096 4096)))

  ;; Blends four pixels.
  (func $four
    (param $pixels i32) (param $layers i32) (param $plane i32) (param $out i32) (param $steps v128) (param $now i32) (param $place i32)
    (local $dither v128)
    (local $red v128) (local $green v128) (local $blue v128) (local $words v128) (local $weights v128) (local $low v128)
    (local.set $low (v128.const i32x4 255 255 255 255))
    (local.set $dither (call $dither (local.get $place)))
    (local.set $red (i32x4.add (local.get $dither) (call $at (local.get $now) (local.get $steps))))
    (local.set $green (i32x4.add (local.get $dither) (call $at (i32.add (local.get $now) (i32.const 4)) (local.get $steps))))
    (local.set $blue (i32x4.add (local.get $dither) (call $at (i32.add (local.get $now) (i32.const 8)) (local.get $steps))))
    (local.set $now (i32.add (local.get $now) (i32.const 16)))
    (loop $layer
      (local.set $words (v128.load (local.get $pixels)))
      (local.set $weights (call $at (local.get $now) (local.get $steps)))
      (local.set $red
        (i32x4.add (local.get $red) (i32x4.mul (local.get $weights) (v128.and (local.get $words) (local.get $low)))))
      (local.set $green
        (i32x4.add (local.get $green)
          (i32x4.mul (local.get $weights)
            (v128.and (i32x4.shr_u (local.get $words) (i32.const 8)) (local.get $low)))))
      (local.set $blue
        (i32x4.add (local.get $blue)
          (i32x4.mul (local.get $weights)
            (v128.and (i32x4.shr_u (local.get $words) (i32.const 16)) (local.get $low)))))
      (local.set $pixels (i32.add (local.get $pixels) (local.get $plane)))
      (local.set $now (i32.add (local.get $now) (i32.const 4)))
      (br_if $layer (local.tee $layers (i32.sub (local.get $layers) (i32.const 1)))))
    (v128.store (local.get $out)
      (v128.or
        (v128.or (call $byte (local.get $red)) (i32x4.shl (call $byte (local.get $green)) (i32.const 8)))
        (v128.or
          (i32x4.shl (call $byte (local.get $blue)) (i32.const 16))
          (v128.const i32x4 0xff000000 0xff000000 0xff000000 0xff000000)))))

  (func (export "blend")
    (param $ends i32) (param $offsets i32) (param $part f64) (param $line i32) (param $slope i32) (param $groups i32)
    (param $pixels i32) (param $layers i32) (param $plane i32) (param $out i32) (param $now i32)
    (param $width i32) (param $rows i32) (param $top i32)
    (local $x i32) (local $end i32) (local $segment i32) (local $node i32) (local $size i32) (local $steps v128)
    (local.set $size (i32.shl (local.get $groups) (i32.const 4))) ;; bytes per node
    (loop $row
      (local.set $x (i32.const 0))
      (local.set $segment (i32.const 0))
      (local.set $node (local.get $line))
      (loop $across
        (local.set $end (i32.load (i32.add (local.get $ends) (i32.shl (local.get $segment) (i32.const 2)))))
        (if (i32.lt_s (local.get $x) (local.get $end))
          (then
            (call $prepare
              (local.get $node) (local.get $groups)
              (f64x2.splat (local.get $part))
              (v128.load64_splat (i32.add (local.get $offsets) (i32.shl (local.get $segment) (i32.const 3))))
              (local.get $now))
            (local.set $steps (v128.const i32x4 0 1 2 3))
            (loop $within
              (call $four
                (i32.add (local.get $pixels) (i32.shl (local.get $x) (i32.const 2)))
                (local.get $layers) (local.get $plane)
                (i32.add (local.get $out) (i32.shl (local.get $x) (i32.const 2)))
                (local.get $steps) (local.get $now)
                (i32.add (i32.mul (local.get $x) (i32.const 791547)) (i32.mul (local.get $top) (i32.const 597521))))
              (local.set $steps (i32x4.add (local.get $steps) (v128.const i32x4 4 4 4 4)))
              (br_if $within (i32.lt_s (local.tee $x (i32.add (local.get $x) (i32.const 4))) (local.get $end))))
            (local.set $x (local.get $end)))) ;; the next segment or row overwrites what was written past its end
        (local.set $segment (i32.add (local.get $segment) (i32.const 1)))
        (local.set $node (i32.add (local.get $node) (local.get $size)))
        (br_if $across (i32.lt_s (local.get $x) (local.get $width))))
      ;; Advance line to the next row, from the last node (at $node now) to the first.
      (local.set $node (i32.add (local.get $node) (i32.sub (local.get $size) (i32.const 16))))
      (loop $advance
        (v128.store (local.get $node)
          (i32x4.add
            (v128.load (local.get $node))
            (v128.load (i32.add (local.get $slope) (i32.sub (local.get $node) (local.get $line))))))
        (local.set $node (i32.sub (local.get $node) (i32.const 16)))
        (br_if $advance (i32.ge_s (local.get $node) (local.get $line))))
      (local.set $pixels (i32.add (local.get $pixels) (i32.shl (local.get $width) (i32.const 2))))
      (local.set $out (i32.add (local.get $out) (i32.shl (local.get $width) (i32.const 2))))
      (local.set $top (i32.add (local.get $top) (i32.const 1)))
      (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))))
