from .simulate import simulate as simulate
