//! half: 16-bit floats.
//!
//! ```text
//! f16          2-byte float, IEEE 754 binary16: numpy's float16
//! bf16         2-byte float, 8 bits of exponent and 7 of mantissa
//! ```

use crate::error::Result;
use crate::layout::number::{self, Number, Range};
use crate::layout::scalar::{Element, element_is_backed};
use crate::node::Node;
use crate::rows::Rows;
use crate::slot::{Slot, Written};
use crate::storage::Dtype;
use half::{bf16, f16};

macro_rules! small_float_is_element {
    ($($t:ident = $dtype:ident, $digits:literal, $exponent:literal;)*) => {
        $(
            impl Number for $t {
                const DTYPE: Dtype = Dtype::$dtype;
                const NAME: &'static str = stringify!($t);
                const RANGE: Range = Range::Float { digits: $digits, exponent: $exponent };

                fn from_int(value: i128, rounded: bool) -> Option<Self> {
                    let float = $t::from_f64(value as f64);
                    (float.is_finite() && (rounded || float.to_f64() as i128 == value)).then_some(float)
                }

                fn from_float(value: f64, rounded: bool) -> Option<Self> {
                    let float = $t::from_f64(value);
                    let fits = float.to_f64() == value || value.is_nan() || (rounded && float.is_finite());
                    fits.then_some(float)
                }
            }

            impl Element for $t {
                fn write_array(rows: Rows<'_, Self>, shape: &[u64], slot: Slot<'_>) -> Result<Written> {
                    number::write(rows, shape, slot)
                }

                fn read_array(node: &Node<'_>, rank: Option<usize>) -> Result<(Vec<Self>, Vec<usize>)> {
                    number::read(node, rank)
                }
            }
            element_is_backed!($t, stringify!($t), filler = Some($t::ZERO), flat = true, {
                fn is_number() -> bool {
                    true
                }
            });
        )*
    };
}
small_float_is_element! { f16 = F16, 11, 5; bf16 = Bf16, 8, 8; }
