;; The pixel pass of a mix, four pixels at a time: for rows between two rows of nodes, all of one slope, Σ weight × pixel + correction,
;; where weights and corrections run straight from one column of nodes to the next. Whole numbers with 20 bits behind the point, which
;; are cut off after what dither.ts says is added.
;;
;; In memory, at the addresses that it is called with:
;;   ends, offsets  the walk along a row, see walk.ts: i32 and f64 for each stretch; part is its third member
;;   line, slope    for each node i32 values in groups of four: corrections of red, green and blue and a 0, then the weights of the
;;                  layers and as many 0s as make the last group whole; slope is what a row adds to line. Changes line
;;   pixels         the rows of the first layer, RGBA; those of the others follow, each plane bytes behind the one before
;;   out            takes the rows, opaque; up to 12 bytes behind them are overwritten
;;   now            128 bytes to work with: of the present stretch what the values begin with, and from 64 on what a pixel adds
;; Besides: the width of the picture, how many rows, and which row of the picture is the first.
(module
  (memory (export "memory") 1)

  ;; The two lower or upper lanes × factor, cut off after the point, as numbers in the lower lanes.
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

  ;; From four values and those of the next node: what a pixel adds, and the values at the stretch's first pixel, for as many groups.
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

  ;; A value of the present stretch at the pixels that many steps behind its first.
  (func $at (param $value i32) (param $steps v128) (result v128)
    (i32x4.add
      (v128.load32_splat (local.get $value))
      (i32x4.mul (v128.load32_splat offset=64 (local.get $value)) (local.get $steps))))

  (func $byte (param $value v128) (result v128)
    (i32x4.max_s
      (i32x4.min_s (i32x4.shr_s (local.get $value) (i32.const 20)) (v128.const i32x4 255 255 255 255))
      (v128.const i32x4 0 0 0 0)))

  ;; What is added at four pixels of a row, the first of them at that place in the pattern.
  (func $dither (param $place i32) (result v128)
    (local $places v128)
    (local.set $places
      (v128.and
        (i32x4.add (i32x4.splat (local.get $place)) (v128.const i32x4 0 791547 1583094 2374641))
        (v128.const i32x4 0xfffff 0xfffff 0xfffff 0xfffff)))
    (i32x4.add
      (i32x4.sub (local.get $places) (i32x4.shr_s (local.get $places) (i32.const 7)))
      (v128.const i32x4 4096 4096 4096 4096)))

  ;; Four pixels.
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
    (local $x i32) (local $end i32) (local $stretch i32) (local $node i32) (local $size i32) (local $steps v128)
    (local.set $size (i32.shl (local.get $groups) (i32.const 4))) ;; bytes of a node
    (loop $row
      (local.set $x (i32.const 0))
      (local.set $stretch (i32.const 0))
      (local.set $node (local.get $line))
      (loop $across
        (local.set $end (i32.load (i32.add (local.get $ends) (i32.shl (local.get $stretch) (i32.const 2)))))
        (if (i32.lt_s (local.get $x) (local.get $end))
          (then
            (call $prepare
              (local.get $node) (local.get $groups)
              (f64x2.splat (local.get $part))
              (v128.load64_splat (i32.add (local.get $offsets) (i32.shl (local.get $stretch) (i32.const 3))))
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
            (local.set $x (local.get $end)))) ;; what was written behind it is overwritten by the next stretch, or row
        (local.set $stretch (i32.add (local.get $stretch) (i32.const 1)))
        (local.set $node (i32.add (local.get $node) (local.get $size)))
        (br_if $across (i32.lt_s (local.get $x) (local.get $width))))
      ;; From the last node, where $node stands now, back to the first: on to the next row.
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
