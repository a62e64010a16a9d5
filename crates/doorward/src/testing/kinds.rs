//! What a type cannot do, asked by a test.
//!
//! A case under `tests/compile_fail` sees what an application sees, and is the better proof there is. These questions are for
//! types that an application never sees.

/// Whether a type implements a trait.
macro_rules! implements {
    ($type:ty: $($bound:tt)+) => {{
        struct Asked<T: ?Sized>(std::marker::PhantomData<T>);
        // The underscores say that each question needs only one of the two answers.
        trait _Otherwise {
            const _YES: bool = false;
        }
        impl<T: ?Sized> _Otherwise for Asked<T> {}
        // A constant of the type itself goes before one of a trait, where its bound holds.
        impl<T: ?Sized + $($bound)+> Asked<T> {
            const _YES: bool = true;
        }
        std::hint::black_box(<Asked<$type>>::_YES)
    }};
}

pub(crate) use implements;
