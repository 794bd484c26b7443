//! The `#[step]` attribute of `crunchbox-sdk`, which documents it.

#![forbid(unsafe_code)]

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{Error, FnArg, ItemFn, Path, parse_macro_input};

/// Makes a function the step: `main` is generated around it.
///
/// The function takes the table (a `RecordBatch`), and if it likes the params (any type that serde can read) and
/// the surroundings (`&Context`), in this order. It returns a `RecordBatch`, an `Output`, messages, or a `Result` of
/// one of these.
///
/// `#[step(migrate = f)]` names a function from `JsonMap` to `JsonMap` that brings params of older versions up to
/// date; without it they stay as they are. The manifest must say `migrates_params: true`, or nobody asks for it.
///
/// `#[step(fetch = f)]` names a function from `&Fetch` to `Result<Fetched>` that fetches data into a file. Both may be
/// given, with a comma between.
#[proc_macro_attribute]
pub fn step(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut others = Others::default();
    let parser = syn::meta::parser(|meta| {
        let place = if meta.path.is_ident("migrate") {
            &mut others.migrate
        } else if meta.path.is_ident("fetch") {
            &mut others.fetch
        } else {
            return Err(meta.error("`step` knows `migrate = function`, `fetch = function` and nothing else"));
        };
        *place = Some(meta.value()?.parse()?);
        Ok(())
    });
    parse_macro_input!(attribute with parser);
    let function = parse_macro_input!(item as ItemFn);
    expand(&function, &others).unwrap_or_else(Error::into_compile_error).into()
}

/// The functions beside `render`.
#[derive(Default)]
struct Others {
    migrate: Option<Path>,
    fetch: Option<Path>,
}

fn expand(function: &ItemFn, others: &Others) -> Result<Tokens, Error> {
    let signature = &function.sig;
    let refuse = |message| Err(Error::new_spanned(signature, message));
    if signature.asyncness.is_some() {
        return refuse("a step can't be async: it has nothing to wait for");
    }
    if !signature.generics.params.is_empty() {
        return refuse("a step can't be generic: name the type of its params");
    }
    if let Some(FnArg::Receiver(_)) = signature.inputs.first() {
        return refuse("a step is a plain function, not a method");
    }
    if signature.ident == "main" {
        return refuse("`step` writes `main` itself: call the function `render`");
    }
    let arguments = match signature.inputs.len() {
        1 => quote!(call.table()?),
        2 => quote!(call.table()?, call.params()?),
        3 => quote!(call.table()?, call.params()?, call.context()),
        _ => return refuse("a step takes one to three arguments: table, params, context"),
    };
    let name = &signature.ident;
    let option = |function: &Option<Path>| match function {
        Some(function) => quote!(::core::option::Option::Some(#function)),
        None => quote!(::core::option::Option::None),
    };
    let (migrate, fetch) = (option(&others.migrate), option(&others.fetch));
    Ok(quote! {
        #function

        fn main() -> ::std::process::ExitCode {
            ::crunchbox_sdk::__private::main(&::crunchbox_sdk::__private::Step {
                render: |call| ::crunchbox_sdk::__private::IntoOutput::into_output(#name(#arguments)),
                migrate: #migrate,
                fetch: #fetch,
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(function: &str) -> Result<String, String> {
        let function: ItemFn = syn::parse_str(function).unwrap();
        expand(&function, &Others::default())
            .map(|tokens| tokens.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_step_takes_what_it_asks_for() {
        let two = expanded("fn render(table: RecordBatch, params: Params) -> RecordBatch { table }").unwrap();
        assert!(two.contains("render (call . table () ? , call . params () ?)"), "{two}");
        let three = expanded("fn r(t: RecordBatch, p: Params, c: &Context) -> RecordBatch { t }").unwrap();
        assert!(three.contains("call . context ()"), "{three}");
    }

    #[test]
    fn other_calls_are_handed_on() {
        let function: ItemFn =
            syn::parse_str("fn render(table: RecordBatch) -> RecordBatch { table }").unwrap();
        let others = Others { migrate: None, fetch: Some(syn::parse_str("web::fetch").unwrap()) };
        let text = expand(&function, &others).unwrap().to_string();
        assert!(text.contains("fetch : :: core :: option :: Option :: Some (web :: fetch)"), "{text}");
        assert!(text.contains("migrate : :: core :: option :: Option :: None"), "{text}");
    }

    #[test]
    fn what_can_be_no_step_is_refused_with_the_mend() {
        for (function, message) in [
            ("fn render() {}", "one to three arguments"),
            ("fn render(a: A, b: B, c: C, d: D) {}", "one to three arguments"),
            ("async fn render(table: RecordBatch) {}", "can't be async"),
            ("fn render<P>(table: RecordBatch, params: P) {}", "name the type of its params"),
            ("fn render(self) {}", "plain function"),
            ("fn main(table: RecordBatch) {}", "call the function `render`"),
        ] {
            let error = expanded(function).unwrap_err();
            assert!(error.contains(message), "{function}: {error}");
        }
    }
}
